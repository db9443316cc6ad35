// The programs in Go. Arguments: NAME N WARM_MILLIS REPEATS, as in Harness.java.
package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var kept []any

func main() {
	name := os.Args[1]
	n, _ := strconv.Atoi(os.Args[2])
	warm, _ := strconv.Atoi(os.Args[3])
	repeats, _ := strconv.Atoi(os.Args[4])
	run := program(name)
	if run == nil {
		fmt.Println("none")
		return
	}
	if strings.HasPrefix(name, "hogs-") {
		run(n)
		time.Sleep(time.Duration(warm) * time.Millisecond)
		measures.Store(true)
		time.Sleep(time.Duration(repeats) * time.Second)
		fmt.Println(late(name, n))
		return
	}
	if name == "memory" {
		run(256)
		before := inUse()
		run(n)
		fmt.Println(float64(inUse()-before) / float64(n))
		return
	}
	fmt.Println(measure(run, n, time.Duration(warm)*time.Millisecond, repeats))
}

func measure(run func(int), n int, warm time.Duration, repeats int) float64 {
	begun := time.Now()
	for i := 0; warm > 0 && (i < 3 || time.Since(begun) < warm); i++ {
		run(n)
	}
	figures := make([]float64, repeats)
	for i := range figures {
		start := time.Now()
		run(n)
		figures[i] = float64(time.Since(start)) / float64(n)
	}
	slices.Sort(figures)
	return figures[repeats/2]
}

// inUse tells the bytes of heap and stacks that are in use.
func inUse() int64 {
	for range 3 {
		time.Sleep(300 * time.Millisecond)
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func program(name string) func(int) {
	switch name {
	case "pingpong":
		return pingPong
	case "mutex-1":
		return func(n int) { mutex(1, n) }
	case "mutex-4":
		return func(n int) { mutex(4, n) }
	case "fan":
		return func(n int) {
			for i := 0; i < n; i += 100 {
				spawn(100)
			}
		}
	case "spawn":
		return spawn
	case "skynet":
		return skynet
	case "sleep":
		return sleep
	case "naps":
		return naps
	case "reset":
		return reset
	case "memory":
		return memory
	case "hogs-sleep-p50", "hogs-sleep-p99", "hogs-send-p50", "hogs-send-p99":
		return hogs
	}
	var a, b, c int
	if k, _ := fmt.Sscanf(name, "pipe-%dx%d-%d", &a, &b, &c); k == 3 {
		return func(n int) { pipe(a, c, n) }
	}
	if k, _ := fmt.Sscanf(name, "select-%d", &a); k == 1 {
		return func(n int) { selectFrom(a, a, n) }
	}
	if k, _ := fmt.Sscanf(name, "idle-select-%d", &a); k == 1 {
		return func(n int) { selectFrom(a, 1, n) }
	}
	return nil
}

func pingPong(n int) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for range n {
			pong <- <-ping
		}
	}()
	for i := range n {
		ping <- i
		<-pong
	}
}

func pipe(pairs, capacity, n int) {
	channel := make(chan int, capacity)
	var wg sync.WaitGroup
	for range pairs {
		wg.Go(func() {
			for i := range n / pairs {
				channel <- i
			}
		})
		wg.Go(func() {
			for range n / pairs {
				<-channel
			}
		})
	}
	wg.Wait()
}

func selectFrom(cases, senders, n int) {
	channels := make([]chan int, cases)
	for c := range channels {
		channels[c] = make(chan int)
	}
	for s := range senders {
		go func() {
			for i := range n / senders {
				channels[s] <- i
			}
		}()
	}
	one := map[int]func([]chan int){2: select2, 4: select4, 16: select16, 50: select50}[cases]
	for range n / senders * senders {
		one(channels)
	}
}

func select2(c []chan int) {
	select {
	case <-c[0]:
	case <-c[1]:
	}
}

func select4(c []chan int) {
	select {
	case <-c[0]:
	case <-c[1]:
	case <-c[2]:
	case <-c[3]:
	}
}

func select16(c []chan int) {
	select {
	case <-c[0]:
	case <-c[1]:
	case <-c[2]:
	case <-c[3]:
	case <-c[4]:
	case <-c[5]:
	case <-c[6]:
	case <-c[7]:
	case <-c[8]:
	case <-c[9]:
	case <-c[10]:
	case <-c[11]:
	case <-c[12]:
	case <-c[13]:
	case <-c[14]:
	case <-c[15]:
	}
}

func select50(c []chan int) {
	select {
	case <-c[0]:
	case <-c[1]:
	case <-c[2]:
	case <-c[3]:
	case <-c[4]:
	case <-c[5]:
	case <-c[6]:
	case <-c[7]:
	case <-c[8]:
	case <-c[9]:
	case <-c[10]:
	case <-c[11]:
	case <-c[12]:
	case <-c[13]:
	case <-c[14]:
	case <-c[15]:
	case <-c[16]:
	case <-c[17]:
	case <-c[18]:
	case <-c[19]:
	case <-c[20]:
	case <-c[21]:
	case <-c[22]:
	case <-c[23]:
	case <-c[24]:
	case <-c[25]:
	case <-c[26]:
	case <-c[27]:
	case <-c[28]:
	case <-c[29]:
	case <-c[30]:
	case <-c[31]:
	case <-c[32]:
	case <-c[33]:
	case <-c[34]:
	case <-c[35]:
	case <-c[36]:
	case <-c[37]:
	case <-c[38]:
	case <-c[39]:
	case <-c[40]:
	case <-c[41]:
	case <-c[42]:
	case <-c[43]:
	case <-c[44]:
	case <-c[45]:
	case <-c[46]:
	case <-c[47]:
	case <-c[48]:
	case <-c[49]:
	}
}

func mutex(goroutines, n int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	count := 0
	for range goroutines {
		wg.Go(func() {
			for range n / goroutines {
				mu.Lock()
				count++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func spawn(n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {})
	}
	wg.Wait()
}

func skynet(n int) {
	result := make(chan int)
	go skynode(result, 0, n)
	if sum := <-result; sum != n*(n-1)/2 {
		panic(fmt.Sprint("wrong sum ", sum))
	}
}

func skynode(parent chan int, number, size int) {
	if size == 1 {
		parent <- number
		return
	}
	channel := make(chan int)
	for i := range 10 {
		go skynode(channel, number+i*(size/10), size/10)
	}
	sum := 0
	for range 10 {
		sum += <-channel
	}
	parent <- sum
}

func sleep(n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { time.Sleep(time.Second) })
	}
	wg.Wait()
}

func naps(n int) {
	var wg sync.WaitGroup
	for range 10_000 {
		wg.Go(func() {
			for range n / 10_000 {
				time.Sleep(time.Millisecond)
			}
		})
	}
	wg.Wait()
}

func reset(n int) {
	timers := make([]*time.Timer, 1000)
	for t := range timers {
		timers[t] = time.AfterFunc(time.Hour, func() {})
	}
	for i := range n {
		timers[i%len(timers)].Reset(time.Duration(60+i%60) * time.Minute)
	}
	for _, timer := range timers {
		timer.Stop()
	}
}

func memory(n int) {
	never := make(chan int)
	var begun sync.WaitGroup
	begun.Add(n)
	for range n {
		go func() {
			begun.Done()
			<-never
		}()
	}
	begun.Wait()
	kept = append(kept, never)
}

// lateness has the nanoseconds by which goroutines ran too late.
type lateness struct {
	mu    sync.Mutex
	nanos []time.Duration
}

var (
	measures      atomic.Bool
	sleeps, sends lateness
	sink          uint64
)

func (l *lateness) note(since time.Time) {
	late := time.Since(since)
	if measures.Load() {
		l.mu.Lock()
		l.nanos = append(l.nanos, late)
		l.mu.Unlock()
	}
}

// hogs starts goroutines that sleep and hand over, and GOMAXPROCS that compute for ever: see Hogs.java.
func hogs(int) {
	for s := range 8 {
		nap := time.Duration(3+s) * time.Millisecond
		go func() {
			for {
				due := time.Now().Add(nap)
				time.Sleep(nap)
				sleeps.note(due)
			}
		}()
	}
	channel := make(chan time.Time)
	go func() {
		for {
			time.Sleep(5 * time.Millisecond)
			channel <- time.Now()
		}
	}()
	go func() {
		for sent := range channel {
			sends.note(sent)
		}
	}()
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for x := uint64(1); ; x = x*6364136223846793005 + 1442695040888963407 {
				if x == 0 {
					sink = x
				}
			}
		}()
	}
}

// late tells a percentile, or none if there were not so many wake-ups.
func late(name string, least int) string {
	l := &sends
	if strings.HasPrefix(name, "hogs-sleep-") {
		l = &sleeps
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.nanos) < least {
		return "none"
	}
	slices.Sort(l.nanos)
	percent, _ := strconv.Atoi(name[len(name)-2:])
	return fmt.Sprint(float64(l.nanos[(len(l.nanos)*percent+99)/100-1]))
}
