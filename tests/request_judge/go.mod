module requestjudge

go 1.21
