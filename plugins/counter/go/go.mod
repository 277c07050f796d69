module github.com/eshost/eshost/plugins/counter/go

go 1.26

require github.com/eshost/eshost/guest-sdk/go v0.1.0
