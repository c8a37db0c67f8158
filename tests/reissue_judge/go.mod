module reissuejudge

go 1.21
