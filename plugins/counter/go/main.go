package main

import eshost "github.com/eshost/eshost/guest-sdk/go"

func init() { eshost.Serve(Counter) }

// main is never called: a plugin is loaded, not run.
func main() {}
