// What the guide "Go to Selvage" shows of Go, compiled, vetted and run.
package guide

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
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

func TestAtomic(t *testing.T) {
	// snippet: atomic
	var hits atomic.Int64
	hits.Add(1)
	// end
	want(t, 1, hits.Load())
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

	audit := context.WithoutCancel(work) // not done, though work is

	cleaned := make(chan bool, 1)
	stopCleaning := context.AfterFunc(work, func() { cleaned <- true })
	// end
	want(t, nil, until.Err())
	want(t, nil, timed.Err())
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
	// end
	want(t, true, count > 0)
	want(t, true, len(stack) > 0)
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
