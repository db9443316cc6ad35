//go:build xsync

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

// xsync adds what is in golang.org/x/sync and not in the standard library.
func xsync() {
	semaphores()
	errorGroups()
	singleFlights()
}

func said(err error, otherwise string) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return otherwise
}

// --------------- Semaphore ---------------

func acquire(sem *semaphore.Weighted, n int64) func() string {
	return acquireIn(context.Background(), sem, n)
}

func acquireIn(ctx context.Context, sem *semaphore.Weighted, n int64) func() string {
	return func() string { return said(sem.Acquire(ctx, n), "acquired") }
}

func semaphores() {
	g := "Semaphore"
	states := []struct {
		name  string
		held  int64
		wants []int64
	}{
		{"3 permits, all free", 0, nil},
		{"3 permits, 1 held", 1, nil},
		{"3 permits, all held", 3, nil},
		{"3 permits, all held, one waits for 1", 3, []int64{1}},
		{"3 permits, 1 held, one waits for 3", 1, []int64{3}},
		{"3 permits, 2 held, one waits for 2 and then one for 1", 2, []int64{2, 1}},
		{"3 permits, all held, two wait for 1 and then one for 2", 3, []int64{1, 1, 2}},
	}
	operations := []struct {
		name string
		run  func(sem *semaphore.Weighted) string
	}{
		{"acquire 0", func(sem *semaphore.Weighted) string { return acquire(sem, 0)() }},
		{"acquire 1", func(sem *semaphore.Weighted) string { return acquire(sem, 1)() }},
		{"acquire 3", func(sem *semaphore.Weighted) string { return acquire(sem, 3)() }},
		{"acquire 1 if possible", func(sem *semaphore.Weighted) string { return fmt.Sprint(sem.TryAcquire(1)) }},
		{"acquire 3 if possible", func(sem *semaphore.Weighted) string { return fmt.Sprint(sem.TryAcquire(3)) }},
		{"acquire 4 if possible", func(sem *semaphore.Weighted) string { return fmt.Sprint(sem.TryAcquire(4)) }},
		{"release 1", func(sem *semaphore.Weighted) string { sem.Release(1); return "ok" }},
		{"release 2", func(sem *semaphore.Weighted) string { sem.Release(2); return "ok" }},
		{"release 3", func(sem *semaphore.Weighted) string { sem.Release(3); return "ok" }},
	}
	for _, op := range operations {
		for _, state := range states {
			add(g, op.name, state.name, func(s *stage) string {
				sem := semaphore.NewWeighted(3)
				if state.held > 0 {
					acquire(sem, state.held)()
				}
				var peers []*actor
				for _, n := range state.wants {
					peers = append(peers, s.start(acquire(sem, n)))
				}
				self := s.start(func() string { return op.run(sem) })
				if len(peers) == 0 {
					return self.String()
				}
				return fmt.Sprint(self, "; who waited: ", s.tell(peers...))
			})
		}
	}
	add(g, "acquire 1, without a context", "3 permits, all held", func(s *stage) string {
		sem := semaphore.NewWeighted(3)
		acquire(sem, 3)()
		return s.start(acquire(sem, 1)).String()
	})
	add(g, "acquire 4", "3 permits, all free", func(s *stage) string {
		return s.start(acquire(semaphore.NewWeighted(3), 4)).String()
	})
	add(g, "acquire 4, then another acquires 1", "3 permits, all free", func(s *stage) string {
		sem := semaphore.NewWeighted(3)
		return s.tell(s.start(acquire(sem, 4)), s.start(acquire(sem, 1)))
	})
	add(g, "release 2, then acquire 3 if possible", "3 permits, 1 held", func(s *stage) string {
		sem := semaphore.NewWeighted(3)
		acquire(sem, 1)()
		return attempt(func() string { sem.Release(2); return "ok" }) + ", then " + fmt.Sprint(sem.TryAcquire(3))
	})
	add(g, "acquire 1", "all free, the context is cancelled", func(s *stage) string {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		sem := semaphore.NewWeighted(3)
		a := s.start(acquireIn(ctx, sem, 1))
		return fmt.Sprint(a, "; all free: ", sem.TryAcquire(3))
	})
	add(g, "cancel the context", "3 permits, all held, one waits for 1 with it", func(s *stage) string {
		ctx, cancel := context.WithCancel(context.Background())
		sem := semaphore.NewWeighted(3)
		acquire(sem, 3)()
		a := s.start(acquireIn(ctx, sem, 1))
		cancel()
		said := s.finish(a)
		sem.Release(3)
		return fmt.Sprint(said, "; all free after 3 were released: ", sem.TryAcquire(3))
	})
	add(g, "cancel the context", "3 permits, 1 held, one waits for 3 with it, and then one for 2", func(s *stage) string {
		ctx, cancel := context.WithCancel(context.Background())
		sem := semaphore.NewWeighted(3)
		acquire(sem, 1)()
		a := s.start(acquireIn(ctx, sem, 3))
		b := s.start(acquire(sem, 2))
		cancel()
		return s.finish(a, b)
	})
	add(g, "cancel the context", "3 permits, 1 held, one waits for 3, and then one for 2 with it", func(s *stage) string {
		ctx, cancel := context.WithCancel(context.Background())
		sem := semaphore.NewWeighted(3)
		acquire(sem, 1)()
		a := s.start(acquire(sem, 3))
		b := s.start(acquireIn(ctx, sem, 2))
		cancel()
		said := s.finish(b)
		return said + "; " + s.tell(a)
	})
}

// --------------- ErrorGroup ---------------

func waitFor(g *errgroup.Group) func() string {
	return func() string { return said(g.Wait(), "returns") }
}

func fails(text string) func() error { return func() error { return errors.New(text) } }

func works() error { return nil }

// A task of the group that goes on until a channel is closed, and has begun when this returns.
func startTask(g *errgroup.Group, end chan int, result error) {
	begun := make(chan int)
	g.Go(func() error { close(begun); <-end; return result })
	<-begun
}

func errorGroups() {
	g := "ErrorGroup"
	add(g, "wait", "nothing was started", func(s *stage) string { return s.start(waitFor(new(errgroup.Group))).String() })
	add(g, "wait", "one runs", func(s *stage) string {
		group := new(errgroup.Group)
		startTask(group, make(chan int), nil)
		return s.start(waitFor(group)).String()
	})
	add(g, "wait, by two", "one runs, and ends", func(s *stage) string {
		group, end := new(errgroup.Group), make(chan int)
		startTask(group, end, nil)
		a, b := s.start(waitFor(group)), s.start(waitFor(group))
		close(end)
		return s.finish(a, b)
	})
	add(g, "wait, by two", "one runs, and fails", func(s *stage) string {
		group, end := new(errgroup.Group), make(chan int)
		startTask(group, end, errors.New("boom"))
		a, b := s.start(waitFor(group)), s.start(waitFor(group))
		close(end)
		return s.finish(a, b)
	})
	add(g, "wait", "one of ten fails", func(s *stage) string {
		group := new(errgroup.Group)
		n := make(chan int, 10)
		for i := range 10 {
			group.Go(func() error {
				n <- i
				if i == 4 {
					return errors.New("boom")
				}
				return nil
			})
		}
		return fmt.Sprint(waitFor(group)(), "; ", len(n), " of 10 had run")
	})
	add(g, "wait", "one failed, then another", func(s *stage) string {
		group, ctx := errgroup.WithContext(context.Background())
		group.Go(fails("first"))
		<-ctx.Done()
		group.Go(fails("second"))
		return waitFor(group)()
	})
	add(g, "wait twice", "one failed", func(s *stage) string {
		group := new(errgroup.Group)
		group.Go(fails("boom"))
		return waitFor(group)() + ", then " + waitFor(group)()
	})
	add(g, "wait, start another, and wait", "nothing failed", func(s *stage) string {
		group := new(errgroup.Group)
		group.Go(works)
		said := waitFor(group)()
		group.Go(fails("boom"))
		return said + ", then " + waitFor(group)()
	})
	add(g, "wait, start another, and wait", "one failed", func(s *stage) string {
		group := new(errgroup.Group)
		group.Go(fails("boom"))
		said := waitFor(group)()
		group.Go(works)
		return said + ", then " + waitFor(group)()
	})
	addFatal(g, "wait", "one panicked", func(s *stage) string {
		group := new(errgroup.Group)
		group.Go(func() error { panic("boom") })
		return waitFor(group)()
	})

	withContext := func(s *stage, during func(group *errgroup.Group, ctx context.Context) string) string {
		group, ctx := errgroup.WithContext(context.Background())
		return during(group, ctx)
	}
	state := func(ctx context.Context) string {
		if ctx.Err() == nil {
			return "not done"
		}
		return fmt.Sprint("done: ", ctx.Err(), ", because of: ", context.Cause(ctx))
	}
	add(g, "look at its context", "one runs", func(s *stage) string {
		return withContext(s, func(group *errgroup.Group, ctx context.Context) string {
			startTask(group, make(chan int), nil)
			return state(ctx)
		})
	})
	add(g, "look at its context", "one of two failed", func(s *stage) string {
		return withContext(s, func(group *errgroup.Group, ctx context.Context) string {
			startTask(group, make(chan int), nil)
			group.Go(fails("boom"))
			<-ctx.Done()
			return state(ctx)
		})
	})
	add(g, "look at its context", "waited for", func(s *stage) string {
		return withContext(s, func(group *errgroup.Group, ctx context.Context) string {
			group.Go(works)
			return waitFor(group)() + "; " + state(ctx)
		})
	})
	add(g, "wait", "its context was cancelled, its task says so", func(s *stage) string {
		parent, cancel := context.WithCancel(context.Background())
		group, ctx := errgroup.WithContext(parent)
		group.Go(func() error { <-ctx.Done(); return ctx.Err() })
		cancel()
		return waitFor(group)() + "; " + state(ctx)
	})

	limited := func(limit int) *errgroup.Group {
		group := new(errgroup.Group)
		group.SetLimit(limit)
		return group
	}
	limits := []struct {
		name string
		make func() *errgroup.Group
	}{
		{"no limit, one runs", func() *errgroup.Group {
			group := new(errgroup.Group)
			startTask(group, make(chan int), nil)
			return group
		}},
		{"limit 0", func() *errgroup.Group { return limited(0) }},
		{"limit 1", func() *errgroup.Group { return limited(1) }},
		{"limit 1, one runs", func() *errgroup.Group {
			group := limited(1)
			startTask(group, make(chan int), nil)
			return group
		}},
		{"limit 1, one ran and was waited for", func() *errgroup.Group {
			group := limited(1)
			group.Go(works)
			group.Wait()
			return group
		}},
		{"limit 2, one runs", func() *errgroup.Group {
			group := limited(2)
			startTask(group, make(chan int), nil)
			return group
		}},
		{"limit -1, one runs", func() *errgroup.Group {
			group := limited(-1)
			startTask(group, make(chan int), nil)
			return group
		}},
	}
	operations := []struct {
		name string
		run  func(group *errgroup.Group) string
	}{
		{"go", func(group *errgroup.Group) string { group.Go(works); return "started" }},
		{"go if possible", func(group *errgroup.Group) string { return fmt.Sprint(group.TryGo(works)) }},
		{"set limit 2", func(group *errgroup.Group) string { group.SetLimit(2); return "ok" }},
		{"set limit -1", func(group *errgroup.Group) string { group.SetLimit(-1); return "ok" }},
	}
	for _, op := range operations {
		for _, limit := range limits {
			add(g, op.name, limit.name, func(s *stage) string {
				group := limit.make()
				return s.start(func() string { return op.run(group) }).String()
			})
		}
	}
	add(g, "go", "limit 1, one runs, and ends", func(s *stage) string {
		group, end := limited(1), make(chan int)
		startTask(group, end, nil)
		a := s.start(func() string { group.Go(works); return "started" })
		first := s.tell(a)
		close(end)
		return first + ", then " + s.finish(a)
	})
	add(g, "go ten times", "limit 3", func(s *stage) string {
		group := limited(3)
		var now, most atomic.Int32
		for range 10 {
			group.Go(func() error {
				n := now.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				now.Add(-1)
				return nil
			})
		}
		return fmt.Sprint(waitFor(group)(), "; never more than 3: ", most.Load() <= 3)
	})
}

// --------------- SingleFlight ---------------

// A function that says how often it was run, and waits for a channel before that unless it is nil.
type flight struct {
	group singleflight.Group
	runs  atomic.Int32
}

func (f *flight) function(end chan int, err error) func() (any, error) {
	return func() (any, error) {
		n := f.runs.Add(1)
		if end != nil {
			<-end
		}
		return n, err
	}
}

func (f *flight) result(v any, err error, shared bool) string {
	if err != nil {
		return said(err, "")
	}
	return fmt.Sprintf("got %v, shared: %t", v, shared)
}

func (f *flight) do(key string, fn func() (any, error)) func() string {
	return func() string { return f.result(f.group.Do(key, fn)) }
}

func (f *flight) receive(ch <-chan singleflight.Result) func() string {
	return func() string {
		r, ok := <-ch
		if !ok {
			return "closed"
		}
		return f.result(r.Val, r.Err, r.Shared)
	}
}

func singleFlights() {
	g := "SingleFlight"
	add(g, "do", "nobody does", func(s *stage) string {
		f := new(flight)
		return s.start(f.do("k", f.function(nil, nil))).String()
	})
	add(g, "do", "another does, for the same key", func(s *stage) string {
		f := new(flight)
		a := s.start(f.do("k", f.function(make(chan int), nil)))
		b := s.start(f.do("k", f.function(nil, nil)))
		return fmt.Sprint(s.tell(a, b), "; run ", f.runs.Load())
	})
	add(g, "do", "another does, for another key", func(s *stage) string {
		f := new(flight)
		a := s.start(f.do("other", f.function(make(chan int), nil)))
		b := s.start(f.do("k", f.function(nil, nil)))
		return fmt.Sprint(s.tell(a, b), "; run ", f.runs.Load())
	})
	add(g, "do", "another did, for the same key", func(s *stage) string {
		f := new(flight)
		first := f.do("k", f.function(nil, nil))()
		return first + ", then " + f.do("k", f.function(nil, nil))()
	})
	add(g, "do", "another failed, for the same key", func(s *stage) string {
		f := new(flight)
		first := f.do("k", f.function(nil, errors.New("boom")))()
		return first + ", then " + f.do("k", f.function(nil, nil))()
	})
	add(g, "do", "within itself, for the same key", func(s *stage) string {
		f := new(flight)
		return s.start(f.do("k", func() (any, error) { return f.do("k", f.function(nil, nil))(), nil })).String()
	})
	add(g, "do", "within itself, for another key", func(s *stage) string {
		f := new(flight)
		return s.start(f.do("k", func() (any, error) { return f.do("other", f.function(nil, nil))(), nil })).String()
	})
	add(g, "the function ends", "two wait for its result", func(s *stage) string {
		f, end := new(flight), make(chan int)
		a := s.start(f.do("k", f.function(end, nil)))
		b, c := s.start(f.do("k", f.function(nil, nil))), s.start(f.do("k", f.function(nil, nil)))
		close(end)
		return fmt.Sprint(s.finish(a, b, c), "; run ", f.runs.Load())
	})
	add(g, "the function fails", "one waits for its result", func(s *stage) string {
		f, end := new(flight), make(chan int)
		a := s.start(f.do("k", f.function(end, errors.New("boom"))))
		b := s.start(f.do("k", f.function(nil, nil)))
		close(end)
		return fmt.Sprint(s.finish(a, b), "; run ", f.runs.Load())
	})
	add(g, "the function panics", "one waits for its result", func(s *stage) string {
		f, end := new(flight), make(chan int)
		panics := func() (any, error) { f.runs.Add(1); <-end; panic("boom") }
		firstLine := func(do func() string) func() string {
			return func() string { return strings.SplitN(attempt(do), "\n", 2)[0] }
		}
		a := s.start(firstLine(f.do("k", panics)))
		b := s.start(firstLine(f.do("k", f.function(nil, nil))))
		close(end)
		return fmt.Sprint(s.finish(a, b), "; run ", f.runs.Load())
	})
	add(g, "the function is cancelled", "one waits for its result", func(s *stage) string {
		f, end := new(flight), make(chan int)
		a := s.start(f.do("k", f.function(end, context.Canceled)))
		b := s.start(f.do("k", f.function(nil, nil)))
		close(end)
		return fmt.Sprint(s.finish(a, b), "; run ", f.runs.Load())
	})
	add(g, "forget", "nobody does", func(s *stage) string { new(flight).group.Forget("k"); return "ok" })
	add(g, "forget, then do", "another does, and one waits for it", func(s *stage) string {
		f, end := new(flight), make(chan int)
		a := s.start(f.do("k", f.function(end, nil)))
		b := s.start(f.do("k", f.function(nil, nil)))
		f.group.Forget("k")
		c := s.start(f.do("k", f.function(nil, nil)))
		first := s.tell(c)
		close(end)
		return fmt.Sprint(first, ", then the others: ", s.finish(a, b), "; run ", f.runs.Load())
	})
	add(g, "do in the background", "nobody does", func(s *stage) string {
		f := new(flight)
		ch := f.group.DoChan("k", f.function(nil, nil))
		first := f.receive(ch)()
		return first + ", then " + s.start(f.receive(ch)).String()
	})
	add(g, "do in the background", "another does, and ends", func(s *stage) string {
		f, end := new(flight), make(chan int)
		a := s.start(f.do("k", f.function(end, nil)))
		ch := f.group.DoChan("k", f.function(nil, nil))
		b := s.start(f.receive(ch))
		first := s.tell(b)
		close(end)
		return fmt.Sprint(first, ", then ", s.finish(a, b), "; run ", f.runs.Load())
	})
	add(g, "do", "another does in the background, and ends", func(s *stage) string {
		f, end, begun := new(flight), make(chan int), make(chan int)
		ch := f.group.DoChan("k", func() (any, error) { close(begun); return f.function(end, nil)() })
		<-begun
		a := s.start(f.do("k", f.function(nil, nil)))
		close(end)
		return fmt.Sprint(s.finish(a), "; in the background: ", f.receive(ch)(), "; run ", f.runs.Load())
	})
	add(g, "do in the background, and it fails", "nobody does", func(s *stage) string {
		f := new(flight)
		return f.receive(f.group.DoChan("k", f.function(nil, errors.New("boom"))))()
	})
	addFatal(g, "do in the background, and it panics", "nobody does", func(s *stage) string {
		f := new(flight)
		return f.receive(f.group.DoChan("k", func() (any, error) { panic("boom") }))()
	})
}
