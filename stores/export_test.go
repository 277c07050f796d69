package stores

// NamesKept is the number of names the decoder remembers.
func (d *Decoder) NamesKept() int { return len(d.names) }
