package plugin

// small is for systems that would give an instance more than the pages it touches.
func small([]byte) {}
