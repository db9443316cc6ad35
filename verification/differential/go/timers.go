package main

import (
	"fmt"
	"time"
)

// The time of a timer that fires in a scenario, and a sleep that is longer for certain: what is due by then a receiver finds.
const (
	soon  = time.Millisecond
	later = 4 * time.Millisecond
)

func ticked(ch <-chan time.Time) string {
	select {
	case <-ch:
		return "a time"
	default:
		return "nothing"
	}
}

func timers() {
	states := []struct {
		name string
		make func() *time.Timer
	}{
		{"in an hour", func() *time.Timer { return time.NewTimer(time.Hour) }},
		{"due, not received", func() *time.Timer { t := time.NewTimer(soon); time.Sleep(later); return t }},
		{"due, received", func() *time.Timer { t := time.NewTimer(soon); <-t.C; return t }},
		{"stopped before it was due", func() *time.Timer { t := time.NewTimer(time.Hour); t.Stop(); return t }},
		{"stopped when due, not received", func() *time.Timer {
			t := time.NewTimer(soon)
			time.Sleep(later)
			t.Stop()
			return t
		}},
		{"of no time, not received", func() *time.Timer { t := time.NewTimer(0); time.Sleep(soon); return t }},
		{"of negative time, not received", func() *time.Timer { t := time.NewTimer(-time.Hour); time.Sleep(soon); return t }},
		{"received, then reset to an hour", func() *time.Timer { t := time.NewTimer(0); <-t.C; t.Reset(time.Hour); return t }},
		{"due, not received, then reset to an hour", func() *time.Timer {
			t := time.NewTimer(soon)
			time.Sleep(later)
			t.Reset(time.Hour)
			return t
		}},
		{"stopped, then reset and due", func() *time.Timer {
			t := time.NewTimer(time.Hour)
			t.Stop()
			t.Reset(soon)
			time.Sleep(later)
			return t
		}},
	}
	// A time that will come is awaited; all else is said when it has settled.
	operation := func(name string, awaited bool, run func(t *time.Timer) string) {
		for _, state := range states {
			add("timer", name, state.name, func(s *stage) string {
				t := state.make()
				if awaited {
					return run(t)
				}
				return s.start(func() string { return run(t) }).String()
			})
		}
	}
	operation("stop", false, func(t *time.Timer) string { return fmt.Sprint(t.Stop(), ", then ", ticked(t.C)) })
	operation("stop twice", false, func(t *time.Timer) string { return fmt.Sprint(t.Stop(), ", ", t.Stop()) })
	operation("reset to an hour", false, func(t *time.Timer) string { return fmt.Sprint(t.Reset(time.Hour), ", then ", ticked(t.C)) })
	operation("reset to a millisecond", true, func(t *time.Timer) string {
		was := t.Reset(soon)
		<-t.C
		return fmt.Sprint(was, ", then a time, then ", ticked(t.C))
	})
	operation("receive if ready", false, func(t *time.Timer) string { return ticked(t.C) + ", then " + ticked(t.C) })
	operation("receive", false, func(t *time.Timer) string { <-t.C; return "a time" })
	operation("len and cap", false, func(t *time.Timer) string { return fmt.Sprint(len(t.C), " and ", cap(t.C)) })
	g := "timer"
	add(g, "stop", "in an hour, a receiver waits", func(s *stage) string {
		t := time.NewTimer(time.Hour)
		a := s.start(func() string { <-t.C; return "a time" })
		return fmt.Sprint(t.Stop(), "; ", s.tell(a))
	})
	add(g, "reset to a millisecond", "in an hour, a receiver waits", func(s *stage) string {
		t := time.NewTimer(time.Hour)
		got := make(chan string)
		s.launch(func() string { <-t.C; got <- "a time"; return "" })
		return fmt.Sprint(t.Reset(soon), "; ", <-got)
	})
	add(g, "two receivers", "in a millisecond", func(s *stage) string {
		t := time.NewTimer(time.Hour)
		a := s.start(func() string { <-t.C; return "a time" })
		b := s.start(func() string { <-t.C; return "a time" })
		t.Reset(soon)
		for a.outcome.Load() == nil {
			time.Sleep(soon)
		}
		return s.tell(a, b)
	})

	g = "timer with a function"
	add(g, "channel", "", func(s *stage) string {
		if time.AfterFunc(time.Hour, func() {}).C == nil {
			return "nil"
		}
		return "a channel"
	})
	add(g, "stop", "in an hour", func(s *stage) string {
		t := time.AfterFunc(time.Hour, func() {})
		return fmt.Sprint(t.Stop(), ", again ", t.Stop())
	})
	add(g, "stop", "after it ran", func(s *stage) string {
		ran := make(chan int)
		t := time.AfterFunc(soon, func() { close(ran) })
		<-ran
		return fmt.Sprint(t.Stop())
	})
	add(g, "stop", "while it runs", func(s *stage) string {
		begun, end, ended := make(chan int), make(chan int), make(chan int)
		t := time.AfterFunc(soon, func() { close(begun); <-end; close(ended) })
		<-begun
		said := fmt.Sprint(t.Stop())
		close(end)
		<-ended
		return said + ", and does not wait"
	})
	add(g, "reset to a millisecond", "in an hour", func(s *stage) string {
		ran := make(chan int)
		t := time.AfterFunc(time.Hour, func() { ran <- 1 })
		was := t.Reset(soon)
		<-ran
		return fmt.Sprint(was, ", then runs")
	})
	add(g, "reset to a millisecond", "after it ran", func(s *stage) string {
		ran := make(chan int)
		t := time.AfterFunc(soon, func() { ran <- 1 })
		<-ran
		was := t.Reset(soon)
		<-ran
		return fmt.Sprint(was, ", then runs again")
	})
	add(g, "reset to a millisecond", "stopped", func(s *stage) string {
		ran := make(chan int)
		t := time.AfterFunc(time.Hour, func() { ran <- 1 })
		t.Stop()
		was := t.Reset(soon)
		<-ran
		return fmt.Sprint(was, ", then runs")
	})

	g = "ticker"
	add(g, "make", "period 0", func(s *stage) string { time.NewTicker(0); return "ok" })
	add(g, "make", "negative period", func(s *stage) string { time.NewTicker(-1); return "ok" })
	add(g, "reset", "period 0", func(s *stage) string { time.NewTicker(time.Hour).Reset(0); return "ok" })
	add(g, "reset", "negative period", func(s *stage) string { time.NewTicker(time.Hour).Reset(-1); return "ok" })
	add(g, "len and cap", "due", func(s *stage) string {
		t := time.NewTicker(soon)
		time.Sleep(later)
		return fmt.Sprint(len(t.C), " and ", cap(t.C))
	})
	add(g, "receive three times", "every millisecond", func(s *stage) string {
		t := time.NewTicker(soon)
		a, b, c := <-t.C, <-t.C, <-t.C
		return fmt.Sprint("rising: ", a.Before(b) && b.Before(c))
	})
	add(g, "receive if ready", "every hour", func(s *stage) string { return ticked(time.NewTicker(time.Hour).C) })
	add(g, "receive if ready", "due several times", func(s *stage) string {
		t := time.NewTicker(soon)
		time.Sleep(later)
		return ticked(t.C)
	})
	add(g, "stop", "due, not received", func(s *stage) string {
		t := time.NewTicker(soon)
		time.Sleep(later)
		t.Stop()
		return "then " + ticked(t.C)
	})
	add(g, "stop, then receive", "every millisecond", func(s *stage) string {
		t := time.NewTicker(soon)
		<-t.C
		t.Stop()
		t.Stop()
		return s.start(func() string { <-t.C; return "a time" }).String()
	})
	add(g, "reset to an hour", "due, not received", func(s *stage) string {
		t := time.NewTicker(soon)
		time.Sleep(later)
		t.Reset(time.Hour)
		return "then " + ticked(t.C)
	})
	add(g, "reset to a millisecond", "stopped", func(s *stage) string {
		t := time.NewTicker(time.Hour)
		t.Stop()
		t.Reset(soon)
		<-t.C
		<-t.C
		return "ticks again"
	})
}
