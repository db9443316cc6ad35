// Blocks n goroutines for ever and times one goroutine leak profile: the counterpart of LeakProof.java.
// Build with GOEXPERIMENT=goroutineleakprofile.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"
)

//go:noinline
func leak(n int) {
	var started sync.WaitGroup
	started.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			c := make(chan int)
			started.Done()
			c <- 1
		}()
	}
	started.Wait()
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	leak(n)
	time.Sleep(500 * time.Millisecond)
	for i := 0; i < 3; i++ {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var out bytes.Buffer
		start := time.Now()
		if err := pprof.Lookup("goroutineleak").WriteTo(&out, 0); err != nil {
			panic(err)
		}
		total := time.Since(start)
		runtime.ReadMemStats(&after)
		fmt.Printf("go look=%d n=%d found=%d total_ms=%.1f pause_ms=%.1f\n", i+1, n,
			pprof.Lookup("goroutineleak").Count(), float64(total.Microseconds())/1000,
			float64(after.PauseTotalNs-before.PauseTotalNs)/1e6)
	}
}
