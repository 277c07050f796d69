package api_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
)

func readiness(failure *error) func(context.Context) error {
	return func(context.Context) error { return *failure }
}

func TestTheSpecificationNamesEveryOperation(t *testing.T) {
	doc, err := specification()
	if err != nil {
		t.Fatal(err)
	}
	var specified []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			specified = append(specified, method+" "+path)
		}
	}
	slices.Sort(specified)
	served := api.NewOver(newFake(), &api.Options{Metrics: prometheus.NewRegistry()}).Routes()
	slices.Sort(served)
	if !slices.Equal(specified, served) {
		t.Errorf("specified\n%s\nserved\n%s", strings.Join(specified, "\n"), strings.Join(served, "\n"))
	}
}

func TestTheSpecificationNamesEveryProblem(t *testing.T) {
	doc, err := specification()
	if err != nil {
		t.Fatal(err)
	}
	var listed, kinds, tabled []string
	for _, v := range doc.Components.Schemas["Problem"].Value.Properties["type"].Value.Enum {
		listed = append(listed, strings.TrimPrefix(v.(string), api.URN))
	}
	for name, status := range api.Kinds() {
		kinds = append(kinds, name)
		tabled = append(tabled, name+" "+strconv.Itoa(status))
	}
	slices.Sort(listed)
	slices.Sort(kinds)
	if !slices.Equal(listed, kinds) {
		t.Errorf("the schema lists\n%v\nthere are\n%v", listed, kinds)
	}
	var described []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| ([0-9]+) \\| (nothing|retry|deploy|unknown) \\|").FindAllStringSubmatch(doc.Info.Description, -1) {
		described = append(described, row[1]+" "+row[2])
	}
	slices.Sort(tabled)
	slices.Sort(described)
	if !slices.Equal(tabled, described) {
		t.Errorf("the table has\n%v\nthere are\n%v", described, tabled)
	}
}

func TestTheSpecificationIsServedAsItIsWritten(t *testing.T) {
	a := serve(t, newFake(), nil).get("/v1/openapi.json")
	source, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(a.body), `"maximum":18446744073709551615`) || !strings.Contains(string(source), "maximum: 18446744073709551615") {
		t.Error("the largest integer did not survive")
	}
	if a.header.Get("Content-Type") != "application/json" {
		t.Errorf("Content-Type is %s", a.header.Get("Content-Type"))
	}
}

func TestMetricsAreShownWhereThereAreAny(t *testing.T) {
	serve(t, newFake(), nil).get("/metrics").wantProblem(404, "not-found")
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "eshost_test_total"})
	registry.MustRegister(counter)
	counter.Add(3)
	h := serve(t, newFake(), &api.Options{Metrics: registry, Token: "t"})
	if a := h.get("/metrics", "Authorization: Bearer t"); a.status != 200 || !strings.Contains(string(a.body), "eshost_test_total 3") {
		t.Errorf("%d %s", a.status, a.body)
	}
	h.get("/metrics").wantProblem(401, "unauthorized")
}
