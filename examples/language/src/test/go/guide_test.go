// What the guide "Go to Selvage" shows of Go, compiled, vetted and run.
package guide

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func want[T comparable](t *testing.T, expected, actual T) {
	t.Helper()
	if expected != actual {
		t.Fatalf("expected %v, got %v", expected, actual)
	}
}

func TestGoroutines(t *testing.T) {
	results := make(chan int, 3)
	work := func() { results <- 1 }
	use := func(n int) { results <- n }
	i := 2
	// snippet: goroutines
	go work()
	go use(i) // i as it is now
	go func() {
		use(3)
	}()
	// end
	want(t, 6, <-results+<-results+<-results)
}

func TestChannels(t *testing.T) {
	// snippet: channels
	meeting := make(chan string)
	mailbox := make(chan string, 2)

	go func() { meeting <- "hello" }()
	heard := <-meeting

	mailbox <- "one"
	mailbox <- "two"
	waiting, room := len(mailbox), cap(mailbox)
	close(mailbox)

	var read []string
	for letter := range mailbox {
		read = append(read, letter)
	}
	letter, ok := <-mailbox // "", false: closed and drained
	// end
	want(t, "hello", heard)
	want(t, 2, waiting)
	want(t, 2, room)
	want(t, 2, len(read))
	want(t, "", letter)
	want(t, false, ok)
}

func TestSignalsAndAnswers(t *testing.T) {
	// snippet: channels-more
	started := make(chan struct{}) // carries nothing: its close is the message
	go func() { close(started) }()
	<-started

	type question struct {
		item   string
		answer chan int
	}
	questions := make(chan question)
	go func() {
		for q := range questions {
			q.answer <- len(q.item)
		}
	}()
	asked := question{"yarn", make(chan int, 1)}
	questions <- asked
	price := <-asked.answer
	close(questions)

	again := asked.answer
	same := again == asked.answer // whether it is the same channel
	// end
	want(t, 4, price)
	want(t, true, same)
}

// snippet: directions
func produce(out chan<- int) {
	defer close(out)
	for n := 1; n <= 3; n++ {
		out <- n
	}
}

func sum(in <-chan int) int {
	total := 0
	for n := range in {
		total += n
	}
	return total
}

// end

func TestDirections(t *testing.T) {
	numbers := make(chan int)
	go produce(numbers)
	want(t, 6, sum(numbers))
}

func TestSelect(t *testing.T) {
	data := make(chan int, 1)
	out := make(chan int, 1)
	data <- 1
	out <- 0
	ctx := t.Context()
	// snippet: select
	var said string
	select {
	case v, ok := <-data:
		if ok {
			said = "got a value"
			_ = v
		} else {
			said = "closed"
		}
	case out <- 42:
		said = "sent"
	case <-ctx.Done():
		said = "cancelled"
	case <-time.After(2 * time.Second):
		said = "timeout"
	}
	// end
	want(t, "got a value", said)

	// snippet: select-default
	ready := true
	select {
	case <-data:
	default:
		ready = false
	}
	// end
	want(t, false, ready)
}

// snippet: select-loop
func relay(in <-chan int, out chan<- int, stop <-chan struct{}) {
	var target chan<- int // nil: nothing to send yet
	var next int
	for {
		select {
		case v, ok := <-in:
			if !ok {
				return
			}
			next, target = v, out
		case target <- next:
			target = nil
		case <-stop:
			return
		}
	}
}

// end

func TestSelectLoop(t *testing.T) {
	in, out := make(chan int), make(chan int)
	go relay(in, out, nil)
	in <- 7
	want(t, 7, <-out)
	close(in)
}

func TestSelectWithoutCases(t *testing.T) {
	// snippet: select-empty
	idle := func() {
		select {} // for ever
	}
	// end
	go idle()
}

func TestLeavingALoopFromASelect(t *testing.T) {
	values, stop := make(chan int, 3), make(chan struct{})
	values <- 1
	values <- 2
	close(stop)
	// snippet: select-break
	total := 0
receiving:
	for {
		select {
		case v := <-values:
			total += v
		case <-stop:
			break receiving
		}
	}
	// end
	want(t, true, total <= 3)
}

func TestMutex(t *testing.T) {
	var mu sync.Mutex
	count := 0
	// snippet: mutex
	mu.Lock()
	count++
	mu.Unlock()

	if mu.TryLock() {
		defer mu.Unlock()
		count++
	}
	// end
	want(t, 2, count)
}

func TestRWMutex(t *testing.T) {
	prices := map[string]int{}
	// snippet: rwmutex
	var mu sync.RWMutex
	read := func(item string) int {
		mu.RLock()
		defer mu.RUnlock()
		return prices[item]
	}
	write := func(item string, price int) {
		mu.Lock()
		defer mu.Unlock()
		prices[item] = price
	}
	// end
	write("thread", 3)
	want(t, 3, read("thread"))

	known := 0
	// snippet: rwmutex-try
	if mu.TryRLock() {
		known = len(prices)
		mu.RUnlock()
	}
	if mu.TryLock() { // the writer's side
		prices["thread"] = 4
		mu.Unlock()
	}
	readers := mu.RLocker() // a sync.Locker that takes the readers' side
	// end
	want(t, 1, known)
	readers.Lock()
	want(t, true, mu.TryRLock())
	want(t, false, mu.TryLock())
	mu.RUnlock()
	readers.Unlock()
}

func TestWaitGroup(t *testing.T) {
	var fetched atomic.Int64
	fetch := func(page int) { fetched.Add(int64(page)) }
	pages := []int{1, 2, 3}
	// snippet: waitgroup
	var wg sync.WaitGroup
	for _, page := range pages {
		wg.Go(func() { fetch(page) })
	}
	wg.Wait()
	// end
	want(t, 6, fetched.Load())
}

func TestCond(t *testing.T) {
	// snippet: cond
	var mu sync.Mutex
	filled := sync.NewCond(&mu)
	var items []string

	go func() {
		mu.Lock()
		items = append(items, "yarn")
		mu.Unlock()
		filled.Signal()
	}()

	mu.Lock()
	for len(items) == 0 {
		filled.Wait()
	}
	first := items[0]
	mu.Unlock()
	// end
	want(t, "yarn", first)
}

func TestBroadcast(t *testing.T) {
	var visitors sync.WaitGroup
	// snippet: cond-broadcast
	var mu sync.Mutex
	opened := sync.NewCond(&mu)
	open := false
	visit := func() {
		mu.Lock()
		defer mu.Unlock()
		for !open {
			opened.Wait()
		}
	}
	for range 3 {
		visitors.Go(visit)
	}

	mu.Lock()
	open = true
	mu.Unlock()
	opened.Broadcast() // wakes all who wait
	// end
	visitors.Wait()
}

func TestAtomic(t *testing.T) {
	type settings struct{ limit int }
	// snippet: atomic
	var hits atomic.Int64
	hits.Add(1)
	hits.Store(5)
	swapped := hits.CompareAndSwap(5, 7)
	before := hits.Swap(9)
	mask := hits.And(8)

	var closed atomic.Bool
	first := closed.CompareAndSwap(false, true)

	var current atomic.Pointer[settings] // atomic.Value, before generics
	current.Store(&settings{limit: 1})
	old := current.Swap(&settings{limit: 3})
	now := current.Load()
	// end
	want(t, 8, hits.Load())
	want(t, true, swapped)
	want(t, 7, before)
	want(t, 9, mask)
	want(t, true, first)
	want(t, 1, old.limit)
	want(t, 3, now.limit)
}

func TestMap(t *testing.T) {
	// snippet: map
	var prices sync.Map
	prices.Store("yarn", 3)
	price, found := prices.Load("yarn")
	actual, loaded := prices.LoadOrStore("yarn", 4)
	previous, _ := prices.Swap("yarn", 5)
	changed := prices.CompareAndSwap("yarn", 5, 6)
	kept := prices.CompareAndDelete("yarn", 5) // false: it is 6
	removed, _ := prices.LoadAndDelete("yarn")
	prices.Delete("yarn")

	total := 0
	prices.Range(func(item, price any) bool {
		total += price.(int)
		return true // false ends it
	})
	prices.Clear()
	// end
	want(t, any(3), price)
	want(t, true, found)
	want(t, any(3), actual)
	want(t, true, loaded)
	want(t, any(3), previous)
	want(t, true, changed)
	want(t, false, kept)
	want(t, any(6), removed)
	want(t, 0, total)
}

func TestPool(t *testing.T) {
	// snippet: pool
	buffers := sync.Pool{New: func() any { return new([4096]byte) }}
	buffer := buffers.Get().(*[4096]byte)
	buffer[0] = 1
	buffers.Put(buffer)
	// end
	want(t, 1, buffer[0])
}

func TestOnce(t *testing.T) {
	opened := 0
	open := func() string { opened++; return "connection" }
	// snippet: once
	var once sync.Once
	once.Do(func() { open() })
	once.Do(func() { open() }) // does nothing

	connection := sync.OnceValue(open)
	first, second := connection(), connection()
	// end
	want(t, 2, opened)
	want(t, first, second)

	connect := func() (string, error) { return open(), nil }
	// snippet: once-more
	setUp := sync.OnceFunc(func() { open() })
	setUp()
	setUp() // does nothing

	connected := sync.OnceValues(connect)
	name, err := connected()
	// end
	want(t, 4, opened)
	want(t, "connection", name)
	want(t, nil, err)
}

type userKey struct{}

func TestContext(t *testing.T) {
	parent := context.Background()
	// snippet: context
	ctx, cancel := context.WithTimeout(parent, 2*time.Second)
	defer cancel()

	user := context.WithValue(ctx, userKey{}, "ada")
	name := user.Value(userKey{}).(string)

	ended := make(chan error, 1)
	go func() {
		<-user.Done()
		ended <- user.Err()
	}()
	cancel()
	err := <-ended
	// end
	want(t, "ada", name)
	want(t, "context canceled", err.Error())

	// snippet: context-cause
	busy := errors.New("too busy")
	work, stop := context.WithCancelCause(parent)
	stop(busy)
	// work.Err() is context.Canceled, context.Cause(work) is busy
	// end
	want(t, context.Canceled, work.Err())
	want(t, busy, context.Cause(work))

	// snippet: context-more
	deadline := time.Now().Add(time.Minute)
	slow := errors.New("too slow")
	until, cancelUntil := context.WithDeadline(parent, deadline)
	defer cancelUntil()
	timed, cancelTimed := context.WithTimeoutCause(parent, time.Minute, slow)
	defer cancelTimed()
	late, cancelLate := context.WithDeadlineCause(parent, deadline, slow)
	defer cancelLate()

	audit := context.WithoutCancel(work) // not done, though work is

	cleaned := make(chan bool, 1)
	stopCleaning := context.AfterFunc(work, func() { cleaned <- true })
	// end
	want(t, nil, until.Err())
	want(t, nil, timed.Err())
	want(t, nil, late.Err())
	want(t, nil, audit.Err())
	want(t, true, <-cleaned)
	want(t, false, stopCleaning())
}

func TestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reports := make(chan string, 10)
		report := func(what string) { reports <- what }
		// snippet: time
		time.Sleep(time.Second)
		now := <-time.After(time.Second)

		later := time.AfterFunc(time.Minute, func() { report("later") })
		prevented := later.Stop()

		timer := time.NewTimer(time.Hour)
		timer.Reset(time.Second)
		<-timer.C
		// end
		want(t, true, prevented)
		want(t, false, now.IsZero())

		done := make(chan bool)
		go func() {
			time.Sleep(3500 * time.Millisecond)
			close(done)
		}()
		// snippet: ticker
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for running := true; running; {
			select {
			case <-ticker.C:
				report("tick")
			case <-done:
				running = false
			}
		}
		// end
		want(t, 3, len(reports))
	})
}

func TestTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// snippet: tick
		ticks := 0
		for range time.Tick(time.Second) {
			if ticks++; ticks == 3 {
				break
			}
		}
		begun := time.Now()
		time.Sleep(time.Second)
		took := time.Since(begun)
		// end
		want(t, 3, ticks)
		want(t, time.Second, took)
	})
}

func TestDefer(t *testing.T) {
	closed := false
	open := func() (func(), error) { return func() { closed = true }, nil }
	// snippet: defer
	use := func() error {
		closeFile, err := open()
		if err != nil {
			return err
		}
		defer closeFile()
		return nil
	}
	// end
	want(t, nil, use())
	want(t, true, closed)
}

func TestRecover(t *testing.T) {
	// snippet: recover
	safely := func(task func()) (failure any) {
		defer func() { failure = recover() }()
		task()
		return nil
	}
	// end
	want(t, any("boom"), safely(func() { panic("boom") }))
}

func TestRuntime(t *testing.T) {
	// snippet: runtime
	runtime.Gosched()
	count := runtime.NumGoroutine()
	stack := debug.Stack()
	_, file, line, _ := runtime.Caller(0)
	procs := runtime.GOMAXPROCS(0) // 0 changes nothing
	cores := runtime.NumCPU()
	runtime.GC()
	// end
	want(t, true, count > 0)
	want(t, true, len(stack) > 0)
	want(t, true, len(file) > 0 && line > 0)
	want(t, true, procs > 0 && cores > 0)
}

func TestGoexit(t *testing.T) {
	said := make(chan string, 2)
	// snippet: goexit
	go func() {
		defer func() { said <- "cleaned up" }()
		func() {
			runtime.Goexit() // ends the goroutine from however deep
		}()
		said <- "never"
	}()
	// end
	want(t, "cleaned up", <-said)
}

func TestLockOSThread(t *testing.T) {
	native := func() int { return 42 }
	// snippet: lockosthread
	answers := make(chan int)
	go func() {
		runtime.LockOSThread() // a library in C wants always the same thread
		defer runtime.UnlockOSThread()
		answers <- native()
	}()
	answer := <-answers
	// end
	want(t, 42, answer)
}

func TestCleanup(t *testing.T) {
	type handle struct{ fd int }
	closed := make(chan int, 1)
	h := &handle{fd: 3}
	use := func(fd int) { want(t, 3, fd) }
	// snippet: cleanup
	cleanup := runtime.AddCleanup(h, func(fd int) { closed <- fd }, h.fd)
	use(h.fd)
	runtime.KeepAlive(h) // reachable until here
	cleanup.Stop()
	// end
	want(t, 0, len(closed))
}

func TestProfile(t *testing.T) {
	type connection struct{}
	// snippet: profile
	connections := pprof.NewProfile("com.acme.connections")
	c := new(connection)
	connections.Add(c, 0) // with the stack that opened it
	open := pprof.Lookup("com.acme.connections").Count()
	connections.Remove(c)
	// end
	want(t, 1, open)
	want(t, 0, connections.Count())
}

func TestContention(t *testing.T) {
	// snippet: contention
	runtime.SetBlockProfileRate(10_000) // nanoseconds
	before := runtime.SetMutexProfileFraction(5)
	// end
	runtime.SetBlockProfileRate(0)
	want(t, 5, runtime.SetMutexProfileFraction(before))
}

func TestTrace(t *testing.T) {
	ctx := t.Context()
	quote := func(context.Context) int { return 12 }
	price := 0
	var out bytes.Buffer
	// snippet: trace
	if err := trace.Start(&out); err != nil {
		t.Fatal(err)
	}
	ctx, task := trace.NewTask(ctx, "order")
	trace.WithRegion(ctx, "quote", func() { price = quote(ctx) })
	region := trace.StartRegion(ctx, "pack")
	trace.Log(ctx, "item", "yarn")
	if trace.IsEnabled() {
		trace.Logf(ctx, "item", "%d boxes", 2)
	}
	region.End()
	task.End()
	trace.Stop()
	// end
	want(t, 12, price)
	want(t, true, out.Len() > 0)

	out.Reset()
	// snippet: flight
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{
		MinAge:   10 * time.Second,
		MaxBytes: 10 << 20,
	})
	if err := recorder.Start(); err != nil {
		t.Fatal(err)
	}
	_, err := recorder.WriteTo(&out) // when something took too long
	recorder.Stop()
	// end
	want(t, nil, err)
	want(t, true, out.Len() > 0)
}

func TestLabels(t *testing.T) {
	label := make(chan string, 1)
	ctx := context.Background()
	// snippet: labels
	pprof.Do(ctx, pprof.Labels("handler", "quote"), func(ctx context.Context) {
		value, _ := pprof.Label(ctx, "handler")
		go func() { label <- value }()
	})
	// end
	want(t, "quote", <-label)
}

// snippet: synctest
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		time.Sleep(time.Hour)
		synctest.Wait()
		if ctx.Err() == nil {
			t.Fatal("not done after an hour")
		}
	})
}

// end

func TestSignals(t *testing.T) {
	// snippet: signals
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// serve until <-ctx.Done()
	// end
	want(t, nil, ctx.Err())
}
