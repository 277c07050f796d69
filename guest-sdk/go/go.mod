module github.com/eshost/eshost/guest-sdk/go

go 1.26
