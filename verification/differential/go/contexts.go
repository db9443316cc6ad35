package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync/atomic"
	"time"
)

type key string

func (k key) String() string { return string(k) }

var (
	far     = time.Date(2100, 1, 2, 3, 4, 5, 0, time.UTC)
	farther = far.Add(time.Hour)
	past    = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	left    = regexp.MustCompile(` \[[^\]]*\]`)
)

func name(ctx context.Context) string { return left.ReplaceAllString(fmt.Sprint(ctx), " [time left]") }

func tellContext(ctx context.Context) string {
	done := "done"
	select {
	case <-ctx.Done():
	default:
		done = "not done"
	}
	return fmt.Sprintf("%s, error %s, cause %s", done, text(ctx.Err()), text(context.Cause(ctx)))
}

func text(err error) string {
	if err == nil {
		return "none"
	}
	return err.Error()
}

func contexts() {
	background := context.Background()
	boom := errors.New("boom")
	derivations := []struct {
		name string
		make func() (context.Context, func())
	}{
		{"background", func() (context.Context, func()) { return background, nil }},
		{"with cancel", func() (context.Context, func()) { return context.WithCancel(background) }},
		{"with cancel cause", func() (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(background)
			return ctx, func() { cancel(boom) }
		}},
		{"with timeout", func() (context.Context, func()) { return context.WithTimeout(background, time.Hour) }},
		{"with timeout and cause", func() (context.Context, func()) {
			return context.WithTimeoutCause(background, time.Hour, boom)
		}},
		{"with deadline", func() (context.Context, func()) { return context.WithDeadline(background, far) }},
		{"with deadline and cause", func() (context.Context, func()) { return context.WithDeadlineCause(background, far, boom) }},
		{"with deadline in the past", func() (context.Context, func()) { return context.WithDeadline(background, past) }},
		{"with deadline in the past and cause", func() (context.Context, func()) {
			return context.WithDeadlineCause(background, past, boom)
		}},
		{"with timeout of 0", func() (context.Context, func()) { return context.WithTimeout(background, 0) }},
		{"with negative timeout and cause", func() (context.Context, func()) {
			return context.WithTimeoutCause(background, -time.Second, boom)
		}},
		{"with value", func() (context.Context, func()) { return context.WithValue(background, key("user"), 1), nil }},
		{"without cancel", func() (context.Context, func()) { return context.WithoutCancel(background), nil }},
		{"value of cancel", func() (context.Context, func()) {
			ctx, cancel := context.WithCancel(background)
			return context.WithValue(ctx, key("user"), 1), cancel
		}},
		{"without cancel of cancel", func() (context.Context, func()) {
			ctx, cancel := context.WithCancel(background)
			return context.WithoutCancel(ctx), cancel
		}},
		{"cancel of without cancel of cancel", func() (context.Context, func()) {
			ctx, cancel := context.WithCancel(background)
			below, _ := context.WithCancel(context.WithoutCancel(ctx))
			return below, cancel
		}},
		{"cancel of cancel, the parent's", func() (context.Context, func()) {
			ctx, cancel := context.WithCancel(background)
			below, _ := context.WithCancel(ctx)
			return below, cancel
		}},
		{"cancel of cancel cause, the parent's", func() (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(background)
			below, _ := context.WithCancel(ctx)
			return below, func() { cancel(boom) }
		}},
		{"timeout of cancel, the parent's", func() (context.Context, func()) {
			ctx, cancel := context.WithCancel(background)
			below, _ := context.WithTimeoutCause(ctx, time.Hour, boom)
			return below, cancel
		}},
		{"cancel of value of cancel of value, the grandparent's", func() (context.Context, func()) {
			ctx, cancel := context.WithCancel(context.WithValue(background, key("a"), 1))
			below, _ := context.WithCancel(context.WithValue(ctx, key("b"), 1))
			return below, cancel
		}},
		{"cancel of a cancelled one", func() (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(background)
			cancel(boom)
			return context.WithCancel(ctx)
		}},
		{"deadline of a cancelled one", func() (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(background)
			cancel(boom)
			return context.WithDeadline(ctx, past)
		}},
		{"earlier deadline of a deadline", func() (context.Context, func()) {
			ctx, _ := context.WithDeadline(background, farther)
			return context.WithDeadline(ctx, far)
		}},
		{"later deadline of a deadline", func() (context.Context, func()) {
			ctx, _ := context.WithDeadline(background, far)
			return context.WithDeadline(ctx, farther)
		}},
		{"the same deadline of a deadline", func() (context.Context, func()) {
			ctx, _ := context.WithDeadline(background, far)
			return context.WithDeadline(ctx, far)
		}},
		{"later deadline with cause of an expired deadline", func() (context.Context, func()) {
			ctx, _ := context.WithDeadline(background, past)
			return context.WithDeadlineCause(ctx, far, boom)
		}},
	}
	for _, d := range derivations {
		add("context", d.name, "made", func(s *stage) string {
			ctx, _ := d.make()
			return tellContext(ctx)
		})
		if _, cancel := d.make(); cancel != nil {
			add("context", d.name, "cancelled", func(s *stage) string {
				ctx, cancel := d.make()
				cancel()
				return tellContext(ctx)
			})
		}
		add("context text", d.name, "", func(s *stage) string {
			ctx, _ := d.make()
			// A timeout's deadline is another each time.
			if deadline, ok := ctx.Deadline(); ok && !deadline.Equal(far) && !deadline.Equal(past) {
				return "ends with a time: " + fmt.Sprint(regexp.MustCompile(`^context\.Background.*\.WithDeadline\(.*\)$`).MatchString(name(ctx)))
			}
			return name(ctx)
		})
		add("context deadline", d.name, "", func(s *stage) string {
			ctx, _ := d.make()
			deadline, ok := ctx.Deadline()
			switch {
			case !ok:
				return "none"
			case deadline.Equal(far):
				return "far"
			case deadline.Equal(farther):
				return "farther"
			case deadline.Equal(past):
				return "past"
			case deadline.Before(time.Now()):
				return "before now"
			default:
				return "after now"
			}
		})
	}

	g := "context"
	add(g, "cancel", "twice, with two causes", func(s *stage) string {
		ctx, cancel := context.WithCancelCause(background)
		cancel(boom)
		cancel(errors.New("bang"))
		return tellContext(ctx)
	})
	add(g, "cancel", "with no cause, then with one", func(s *stage) string {
		ctx, cancel := context.WithCancelCause(background)
		cancel(nil)
		cancel(boom)
		return tellContext(ctx)
	})
	add(g, "cancel the child, then the parent", "both with causes", func(s *stage) string {
		parent, stop := context.WithCancelCause(background)
		child, cancel := context.WithCancelCause(parent)
		cancel(boom)
		said := tellContext(parent)
		stop(errors.New("bang"))
		return said + "; " + tellContext(child) + "; " + tellContext(parent)
	})
	add(g, "cancel the parent, then the child", "both with causes", func(s *stage) string {
		parent, stop := context.WithCancelCause(background)
		child, cancel := context.WithCancelCause(parent)
		stop(errors.New("bang"))
		cancel(boom)
		return tellContext(child)
	})
	add(g, "wait", "not done", func(s *stage) string {
		ctx, _ := context.WithCancel(background)
		return s.start(func() string { <-ctx.Done(); return "done" }).String()
	})
	add(g, "wait", "background", func(s *stage) string {
		return s.start(func() string { <-background.Done(); return "done" }).String()
	})
	add(g, "wait", "not done; then cancelled by the grandparent", func(s *stage) string {
		parent, cancel := context.WithCancel(background)
		ctx, _ := context.WithCancel(context.WithValue(parent, key("a"), 1))
		a := s.start(func() string { <-ctx.Done(); return "done" })
		cancel()
		return s.tell(a)
	})
	add(g, "wait", "timeout of one millisecond", func(s *stage) string {
		ctx, _ := context.WithTimeout(background, time.Millisecond)
		<-ctx.Done()
		return tellContext(ctx)
	})
	add(g, "wait", "timeout of one millisecond, with cause", func(s *stage) string {
		ctx, _ := context.WithTimeoutCause(background, time.Millisecond, boom)
		<-ctx.Done()
		return tellContext(ctx)
	})
	add(g, "wait", "timeout of one millisecond, with cause, of the parent", func(s *stage) string {
		parent, _ := context.WithTimeoutCause(background, time.Millisecond, boom)
		ctx, _ := context.WithTimeoutCause(parent, time.Hour, errors.New("bang"))
		<-ctx.Done()
		return tellContext(ctx)
	})
	add(g, "cancel", "after the timeout", func(s *stage) string {
		ctx, cancel := context.WithTimeout(background, time.Millisecond)
		<-ctx.Done()
		cancel()
		return tellContext(ctx)
	})
	add(g, "with value", "no key", func(s *stage) string { return fmt.Sprint(context.WithValue(background, nil, 1)) })

	g = "context value"
	user, host := key("user"), key("host")
	add(g, "look up", "not set", func(s *stage) string { return fmt.Sprint(background.Value(user) == nil) })
	add(g, "look up", "set", func(s *stage) string { return fmt.Sprint(context.WithValue(background, user, "ann").Value(user)) })
	add(g, "look up", "another is set", func(s *stage) string {
		return fmt.Sprint(context.WithValue(background, user, "ann").Value(host) == nil)
	})
	add(g, "look up", "set twice", func(s *stage) string {
		outer := context.WithValue(background, user, "ann")
		inner := context.WithValue(outer, user, "bob")
		return fmt.Sprint(inner.Value(user), " inside, ", outer.Value(user), " outside")
	})
	add(g, "look up", "set above cancel, timeout and without cancel", func(s *stage) string {
		ctx := context.WithValue(background, user, "ann")
		ctx, cancel := context.WithCancel(ctx)
		ctx, _ = context.WithTimeout(ctx, time.Hour)
		ctx = context.WithValue(context.WithoutCancel(ctx), host, "h")
		cancel()
		return fmt.Sprint(ctx.Value(user), " ", ctx.Value(host))
	})

	g = "context afterFunc"
	add(g, "stop", "not done", func(s *stage) string {
		ctx, cancel := context.WithCancel(background)
		var runs atomic.Int32
		stop := context.AfterFunc(ctx, func() { runs.Add(1) })
		said := fmt.Sprint(stop(), ", again ", stop())
		another := make(chan int)
		context.AfterFunc(ctx, func() { close(another) })
		cancel()
		<-another
		return said + fmt.Sprint("; runs ", runs.Load())
	})
	add(g, "stop", "after it ran", func(s *stage) string {
		ctx, cancel := context.WithCancel(background)
		ran := make(chan int)
		stop := context.AfterFunc(ctx, func() { close(ran) })
		cancel()
		<-ran
		return fmt.Sprint(stop())
	})
	add(g, "stop", "while it runs", func(s *stage) string {
		ctx, cancel := context.WithCancel(background)
		begun, end, ended := make(chan int), make(chan int), make(chan int)
		stop := context.AfterFunc(ctx, func() { close(begun); <-end; close(ended) })
		cancel()
		<-begun
		said := fmt.Sprint(stop())
		close(end)
		<-ended
		return said + ", and does not wait"
	})
	add(g, "stop", "background", func(s *stage) string {
		stop := context.AfterFunc(background, func() {})
		return fmt.Sprint(stop(), ", again ", stop())
	})
	add(g, "register", "done already", func(s *stage) string {
		ctx, cancel := context.WithCancel(background)
		cancel()
		ran := make(chan int)
		stop := context.AfterFunc(ctx, func() { close(ran) })
		<-ran
		return fmt.Sprint("runs; stop ", stop())
	})
	add(g, "register three", "then cancelled", func(s *stage) string {
		ctx, cancel := context.WithCancel(background)
		ran := make(chan int, 3)
		for i := range 3 {
			context.AfterFunc(ctx, func() { ran <- i })
		}
		cancel()
		return fmt.Sprint("sum ", <-ran+<-ran+<-ran)
	})
	add(g, "register", "timeout of one millisecond", func(s *stage) string {
		ctx, _ := context.WithTimeout(background, time.Millisecond)
		said := make(chan string)
		context.AfterFunc(ctx, func() { said <- tellContext(ctx) })
		return <-said
	})
	add(g, "register", "below without cancel", func(s *stage) string {
		ctx, cancel := context.WithCancel(background)
		stop := context.AfterFunc(context.WithoutCancel(ctx), func() {})
		cancel()
		return fmt.Sprint("stop ", stop())
	})
}
