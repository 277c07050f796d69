package main

import eshost "github.com/eshost/eshost/guest-sdk/go"

func init() { eshost.Serve(Orders) }

// main is never called: a plugin is loaded, not run.
func main() {}
