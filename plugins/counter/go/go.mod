module github.com/eshost/eshost/plugins/counter/go

go 1.26
