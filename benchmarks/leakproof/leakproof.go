// Blocks n goroutines for ever and times three goroutine leak profiles; or, with a second argument, three
// plain goroutine profiles in each form. The counterpart of LeakProof.java.
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

func profiles(n int) {
	for i := 0; i < 3; i++ {
		for debug, form := range []string{"proto", "text"} {
			var out bytes.Buffer
			start := time.Now()
			if err := pprof.Lookup("goroutine").WriteTo(&out, debug); err != nil {
				panic(err)
			}
			fmt.Printf("go %s=%d n=%d found=%d total_ms=%.1f pause_ms=0 bytes=%d\n", form, i+1, n,
				runtime.NumGoroutine(), float64(time.Since(start).Microseconds())/1000, out.Len())
		}
	}
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	leak(n)
	time.Sleep(500 * time.Millisecond)
	if len(os.Args) > 2 {
		profiles(n)
		return
	}
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
