package host

import (
	"errors"
	"fmt"
	"strings"

	"github.com/eshost/eshost/host/internal/deployment"
	"github.com/eshost/eshost/stores"
)

// Errors of deployments, for errors.Is. After each of them what served before serves on.
var (
	ErrPlanOutdated    = errors.New("the plan is out of date")                      // see PlanError
	ErrDeploymentRace  = errors.New("another deployment came first")                // see RaceError
	ErrUncovered       = errors.New("the plugin cannot fold all events in the log") // see CoverageError
	ErrNoFormer        = errors.New("there is no plugin to go back to")             // nothing served the type before
	ErrUnknownPlugin   = errors.New("no plugin of this digest was ever deployed")   // or of no digest that begins so
	ErrAmbiguousPlugin = errors.New("more than one plugin has a digest that begins so")
)

// PlanError says why a plan does not hold any more.
type PlanError struct {
	Seq   uint64           // the registry's number that it was made on
	Now   uint64           // and what it is
	Since *DeploymentEntry // what happened last; nil: no deployment did, but something else that the plan depends on
}

// Error says what changed, and what to do.
func (e *PlanError) Error() string {
	if e.Since != nil {
		return fmt.Sprintf("%v: it was made after deployment %d, and %s: plan again", ErrPlanOutdated, e.Seq, described(e.Since))
	}
	return fmt.Sprintf("%v: the plugin, what is done with states, or the kinds of events in the log are not those it was made for: plan again", ErrPlanOutdated)
}

// Is makes it an ErrPlanOutdated.
func (e *PlanError) Is(target error) bool { return target == ErrPlanOutdated }

// RaceError says who came first.
type RaceError struct {
	Seq    uint64          // the registry's number that the deployment was made on
	Winner DeploymentEntry // that followed it
}

// Error names the winner, and says what to do.
func (e *RaceError) Error() string {
	return fmt.Sprintf("%v: after deployment %d, %s: look at what serves now, and plan again", ErrDeploymentRace, e.Seq, described(&e.Winner))
}

// Is makes it an ErrDeploymentRace.
func (e *RaceError) Is(target error) bool { return target == ErrDeploymentRace }

// lostRace says who came after the number that something was planned on.
func lostRace(planned, now *deployment.Registry) error {
	return &RaceError{Seq: planned.Seq, Winner: *now.Entry(planned.Seq + 1)}
}

// described tells of an entry in a sentence.
func described(e *DeploymentEntry) string {
	by := "somebody"
	if e.By != "" {
		by = e.By
	}
	if e.From != "" {
		by += " (" + e.From + ")"
	}
	what := "deployed plugin "
	if e.Rollback {
		what = "rolled back to plugin "
	}
	var names []string
	for _, t := range e.Types {
		names = append(names, t.Name)
	}
	return fmt.Sprintf("%s %s%.12s for %s at %s (deployment %d)", by, what, e.Plugin, strings.Join(names, ", "), e.Time.Format("2006-01-02T15:04:05Z07:00"), e.Seq)
}

// CoverageError lists events that are in the log and that a plugin does not list.
type CoverageError struct {
	Plugin stores.Digest
	Types  []UncoveredType // at least one
}

// UncoveredType is a type with events that a plugin does not list.
type UncoveredType struct {
	Type  string
	Kinds []stores.Kind
}

// Error lists them, and says what to do.
func (e *CoverageError) Error() string {
	var all []string
	for _, t := range e.Types {
		all = append(all, fmt.Sprintf("%s of type %s", kindsText(t.Kinds), t.Type))
	}
	return fmt.Sprintf("%v: plugin %.12s does not list %s, and entities that have such events would be quarantined: have its handler fold them as they are stored, or force it",
		ErrUncovered, e.Plugin, strings.Join(all, ", nor "))
}

// Is makes it an ErrUncovered.
func (e *CoverageError) Is(target error) bool { return target == ErrUncovered }

func kindsText(kinds []stores.Kind) string {
	var all []string
	for _, k := range kinds {
		all = append(all, fmt.Sprintf("%s v%d", k.Name, k.Version))
	}
	return strings.Join(all, ", ")
}
