package build

import (
	"bufio"
	"os"
	"runtime"
	"slices"
	"strings"
)

// family is a kind of systems on which software is installed in the same way.
type family string

const (
	debian  family = "debian"
	fedora  family = "fedora"
	arch    family = "arch"
	macOS   family = "macos"
	windows family = "windows"
)

// system is what a builder runs on.
type system struct {
	family family // "" for one that is not known
	// What the packages are called in which a Debian has new enough compilers.
	packages map[string]string
}

// fill puts the names of packages into how something is installed.
func (s system) fill(how string) string {
	return os.Expand(how, func(name string) string { return s.packages[name] })
}

// thisSystem is the system that this process runs on.
func thisSystem() system {
	text, _ := os.ReadFile("/etc/os-release") // where there is none, the system is not known
	return systemOf(runtime.GOOS, string(text))
}

// systemOf tells a system by Go's name for it, and by what it says about itself in os-release(5).
func systemOf(goos, release string) system {
	switch goos {
	case "darwin":
		return system{family: macOS}
	case "windows":
		return system{family: windows}
	case "linux":
	default:
		return system{}
	}
	fields := make(map[string]string)
	for s := bufio.NewScanner(strings.NewReader(release)); s.Scan(); {
		if name, value, ok := strings.Cut(s.Text(), "="); ok {
			fields[name] = strings.Trim(value, `"'`)
		}
	}
	ids := append([]string{fields["ID"]}, strings.Fields(fields["ID_LIKE"])...)
	for _, k := range []struct {
		family family
		ids    []string
	}{{debian, []string{"debian", "ubuntu"}}, {fedora, []string{"fedora", "rhel"}}, {arch, []string{"arch"}}} {
		if slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(k.ids, id) }) {
			return system{family: k.family, packages: packagesOf(fields["ID"] + " " + fields["VERSION_ID"])}
		}
	}
	return system{}
}

// packagesOf are the packages of a release: in some, those without a number are too old.
func packagesOf(release string) map[string]string {
	p := map[string]string{"clang": "clang", "lld": "lld", "rust": "libstd-rust-dev-wasm32 lld"}
	switch release {
	case "debian 12":
		p["clang"], p["lld"], p["rust"] = "clang-19", "lld-19", "rustc-web rust-web-src lld-19"
	case "ubuntu 22.04":
		p["clang"], p["lld"] = "clang-15", "lld-15"
	}
	return p
}
