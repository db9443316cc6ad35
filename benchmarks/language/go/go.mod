module selvage.dev/benchmarks

go 1.26
