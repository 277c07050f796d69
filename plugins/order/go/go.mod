module github.com/eshost/eshost/plugins/order/go

go 1.26
