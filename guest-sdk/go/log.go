package eshost

// Level says how much a line of the log matters.
type Level int32

// The levels, in rising order.
const (
	Debug Level = 0
	Info  Level = 1
	Warn  Level = 2
	Error Level = 3
)

// String gives the level as a log shows it.
func (l Level) String() string {
	switch l {
	case Debug:
		return "DEBUG"
	case Warn:
		return "WARN"
	case Error:
		return "ERROR"
	}
	return "INFO"
}

// Log writes a line to the host's log, which adds the plugin and the entity; in a native build, to stderr. It is for
// people who look for a fault: a host may drop lines, and a decision that is taken again writes its lines again or not.
func (c *Context) Log(level Level, text string) { writeLog(level, text) }
