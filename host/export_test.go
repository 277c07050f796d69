package host

// LoadedPlugins is how many plugins are loaded, serving or not.
func (h *Host) LoadedPlugins() int {
	h.loaded.mu.Lock()
	defer h.loaded.mu.Unlock()
	return len(h.loaded.m)
}
