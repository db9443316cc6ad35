package main

import (
	"fmt"
	"sync"
	"time"
)

func groups() {
	g := "WaitGroup"
	wait := func(wg *sync.WaitGroup) func() string { return func() string { wg.Wait(); return "returns" } }
	add(g, "wait", "0", func(s *stage) string { return s.start(wait(new(sync.WaitGroup))).String() })
	add(g, "wait", "1", func(s *stage) string {
		var wg sync.WaitGroup
		wg.Add(1)
		return s.start(wait(&wg)).String()
	})
	add(g, "done", "1, two wait", func(s *stage) string {
		var wg sync.WaitGroup
		wg.Add(1)
		a, b := s.start(wait(&wg)), s.start(wait(&wg))
		wg.Done()
		return s.tell(a, b)
	})
	add(g, "done", "2, one waits", func(s *stage) string {
		var wg sync.WaitGroup
		wg.Add(2)
		a := s.start(wait(&wg))
		wg.Done()
		first := s.tell(a)
		wg.Done()
		return first + ", then " + s.tell(a)
	})
	add(g, "add 2, then done three times", "1, one waits", func(s *stage) string {
		var wg sync.WaitGroup
		wg.Add(1)
		a := s.start(wait(&wg))
		wg.Add(2)
		said := ""
		for range 3 {
			said += s.tell(a) + ", "
			wg.Done()
		}
		return said + "then " + s.tell(a)
	})
	add(g, "done", "0", func(s *stage) string { new(sync.WaitGroup).Done(); return "ok" })
	add(g, "add -1", "0", func(s *stage) string { new(sync.WaitGroup).Add(-1); return "ok" })
	add(g, "add -3", "2", func(s *stage) string {
		var wg sync.WaitGroup
		wg.Add(2)
		wg.Add(-3)
		return "ok"
	})
	add(g, "add -2", "2, one waits", func(s *stage) string {
		var wg sync.WaitGroup
		wg.Add(2)
		a := s.start(wait(&wg))
		wg.Add(-2)
		return s.tell(a)
	})
	add(g, "add 0", "0", func(s *stage) string { new(sync.WaitGroup).Add(0); return "ok" })
	add(g, "add 1 and wait", "0, after it refused to be -1", func(s *stage) string {
		var wg sync.WaitGroup
		attempt(func() string { wg.Done(); return "" })
		wg.Add(1)
		return s.start(wait(&wg)).String()
	})
	add(g, "use again", "after a wait has returned", func(s *stage) string {
		var wg sync.WaitGroup
		said := ""
		for range 3 {
			wg.Add(1)
			a := s.start(wait(&wg))
			wg.Done()
			said += s.tell(a) + "; "
		}
		return said + "no more"
	})
	add(g, "go", "0", func(s *stage) string {
		var wg sync.WaitGroup
		n := make(chan int, 10)
		for i := range 10 {
			wg.Go(func() { n <- i })
		}
		wg.Wait()
		return fmt.Sprintf("%d of 10 had ended when wait returned", len(n))
	})
	addFatal(g, "go, and the task panics", "0", func(s *stage) string {
		var wg sync.WaitGroup
		wg.Go(func() { panic("boom") })
		wg.Wait()
		return "returns"
	})
	add(g, "add 1 and done, racing with wait", "0", func(s *stage) string {
		set := outcomes(func() string {
			var wg sync.WaitGroup
			ready := make(chan int)
			a := make(chan string)
			go func() { <-ready; a <- attempt(func() string { wg.Add(1); wg.Done(); return "added" }) }()
			go func() { <-ready; a <- attempt(func() string { wg.Wait(); return "added" }) }()
			close(ready)
			<-a
			return <-a
		})
		return set
	})

	g = "Cond"
	type cond struct {
		mu sync.Mutex
		*sync.Cond
	}
	newCond := func() *cond {
		c := &cond{}
		c.Cond = sync.NewCond(&c.mu)
		return c
	}
	waiter := func(s *stage, c *cond, order *[]string, name string) *actor {
		return s.start(func() string {
			c.mu.Lock()
			c.Wait()
			*order = append(*order, name)
			c.mu.Unlock()
			return "woke"
		})
	}
	add(g, "wait", "nobody signals", func(s *stage) string {
		c := newCond()
		a := waiter(s, c, new([]string), "a")
		return fmt.Sprintf("%s; the lock is free: %t", a, c.mu.TryLock())
	})
	addFatal(g, "wait", "without the lock", func(s *stage) string { newCond().Wait(); return "ok" })
	add(g, "signal", "nobody waits; then one waits", func(s *stage) string {
		c := newCond()
		c.Signal()
		c.Broadcast()
		return waiter(s, c, new([]string), "a").String()
	})
	add(g, "signal", "three wait", func(s *stage) string {
		c, order := newCond(), new([]string)
		a, b, d := waiter(s, c, order, "a"), waiter(s, c, order, "b"), waiter(s, c, order, "c")
		c.Signal()
		return s.tell(a, b, d)
	})
	add(g, "signal three times", "three wait", func(s *stage) string {
		c, order := newCond(), new([]string)
		a, b, d := waiter(s, c, order, "a"), waiter(s, c, order, "b"), waiter(s, c, order, "c")
		for range 3 {
			c.Signal()
			s.settle()
		}
		return s.tell(a, b, d) + fmt.Sprintf("; in the order %v", *order)
	})
	add(g, "broadcast", "three wait", func(s *stage) string {
		c, order := newCond(), new([]string)
		a, b, d := waiter(s, c, order, "a"), waiter(s, c, order, "b"), waiter(s, c, order, "c")
		c.Broadcast()
		return s.tell(a, b, d)
	})
	add(g, "signal", "one waits, the lock is taken", func(s *stage) string {
		c := newCond()
		a := waiter(s, c, new([]string), "a")
		c.mu.Lock()
		c.Signal()
		first := s.tell(a)
		c.mu.Unlock()
		return first + ", then " + s.tell(a)
	})

	addFatal("goroutine", "panic that nobody recovers", "", func(s *stage) string {
		go func() { panic("boom") }()
		time.Sleep(patience)
		return "the others go on"
	})
}
