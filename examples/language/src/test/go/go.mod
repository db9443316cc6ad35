module selvage.dev/guide

go 1.25
