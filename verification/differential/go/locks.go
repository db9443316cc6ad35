package main

import (
	"fmt"
	"sync"
	"time"
)

func locks() {
	g := "Mutex"
	lock := func(m sync.Locker) func() string { return func() string { m.Lock(); return "locked" } }
	add(g, "lock", "free", func(s *stage) string { return s.start(lock(new(sync.Mutex))).String() })
	add(g, "lock", "locked", func(s *stage) string {
		var m sync.Mutex
		m.Lock()
		return s.start(lock(&m)).String()
	})
	add(g, "lock twice", "free", func(s *stage) string {
		var m sync.Mutex
		return s.start(func() string { m.Lock(); m.Lock(); return "locked twice" }).String()
	})
	add(g, "lock if free", "free", func(s *stage) string { return fmt.Sprint(new(sync.Mutex).TryLock()) })
	add(g, "lock if free", "locked", func(s *stage) string {
		var m sync.Mutex
		m.Lock()
		return fmt.Sprint(m.TryLock())
	})
	add(g, "lock if free", "locked, one waits", func(s *stage) string {
		var m sync.Mutex
		m.Lock()
		a := s.start(lock(&m))
		return fmt.Sprint(m.TryLock(), "; ", a)
	})
	add(g, "unlock", "locked by another", func(s *stage) string {
		var m sync.Mutex
		s.start(lock(&m))
		m.Unlock()
		return fmt.Sprint("free: ", m.TryLock())
	})
	addFatal(g, "unlock", "free", func(s *stage) string { new(sync.Mutex).Unlock(); return "ok" })
	addFatal(g, "unlock twice", "locked", func(s *stage) string {
		var m sync.Mutex
		m.Lock()
		m.Unlock()
		m.Unlock()
		return "ok"
	})
	add(g, "unlock", "locked, two wait", func(s *stage) string {
		var m sync.Mutex
		m.Lock()
		a, b := s.start(lock(&m)), s.start(lock(&m))
		m.Unlock()
		return s.tell(a, b)
	})
	order := func(s *stage, m *sync.Mutex, waited time.Duration) string {
		got := ""
		m.Lock()
		for _, name := range []string{"a", "b", "c", "d"} {
			s.start(func() string { m.Lock(); got += name; m.Unlock(); return "" })
		}
		time.Sleep(waited)
		m.Unlock()
		s.settle()
		m.Lock()
		return got
	}
	add(g, "unlock by each in turn", "locked; a, b, c, d wait", func(s *stage) string { return order(s, new(sync.Mutex), 0) })
	add(g, "unlock by each in turn", "locked; a, b, c, d have waited longer than 1 ms", func(s *stage) string {
		return order(s, new(sync.Mutex), 3*time.Millisecond)
	})
	add(g, "unlock and lock again and again", "locked, one waits", func(s *stage) string {
		var m sync.Mutex
		m.Lock()
		got := false
		a := s.start(func() string { m.Lock(); got = true; m.Unlock(); return "gets it" })
		for !got {
			m.Unlock()
			m.Lock()
		}
		m.Unlock()
		return s.tell(a)
	})

	// What was taken for the state stays taken.
	g = "RWMutex"
	type rw struct {
		sync.RWMutex
		peers []*actor
	}
	states := []struct {
		name string
		make func(s *stage, l *rw)
	}{
		{"free", func(s *stage, l *rw) {}},
		{"one reads", func(s *stage, l *rw) { l.RLock() }},
		{"two read", func(s *stage, l *rw) { l.RLock(); l.RLock() }},
		{"one writes", func(s *stage, l *rw) { l.Lock() }},
		{"one reads, a writer waits", func(s *stage, l *rw) { l.RLock(); l.peers = append(l.peers, s.start(lock(l))) }},
		{"one writes, two readers wait", func(s *stage, l *rw) {
			l.Lock()
			l.peers = append(l.peers, s.start(lock(l.RLocker())), s.start(lock(l.RLocker())))
		}},
		{"one writes, a reader and a writer wait", func(s *stage, l *rw) {
			l.Lock()
			l.peers = append(l.peers, s.start(lock(l.RLocker())), s.start(lock(l)))
		}},
		{"one writes, a writer and a reader wait", func(s *stage, l *rw) {
			l.Lock()
			l.peers = append(l.peers, s.start(lock(l)), s.start(lock(l.RLocker())))
		}},
		{"one reads, a writer and a reader wait", func(s *stage, l *rw) {
			l.RLock()
			l.peers = append(l.peers, s.start(lock(l)), s.start(lock(l.RLocker())))
		}},
		{"one reads, a writer and a reader wait, and the writer unlocks when it had it", func(s *stage, l *rw) {
			l.RLock()
			l.peers = append(l.peers, s.start(func() string { l.Lock(); l.Unlock(); return "locked and unlocked" }), s.start(lock(l.RLocker())))
		}},
	}
	operations := []struct {
		name string
		run  func(l *rw) string
	}{
		{"lock to read", func(l *rw) string { l.RLock(); return "locked" }},
		{"lock to write", func(l *rw) string { l.Lock(); return "locked" }},
		{"lock to read if possible", func(l *rw) string { return fmt.Sprint(l.TryRLock()) }},
		{"lock to write if possible", func(l *rw) string { return fmt.Sprint(l.TryLock()) }},
		{"unlock a reader", func(l *rw) string { l.RUnlock(); return "ok" }},
		{"unlock the writer", func(l *rw) string { l.Unlock(); return "ok" }},
	}
	for _, op := range operations {
		for _, state := range states {
			addFatal(g, op.name, state.name, func(s *stage) string {
				l := &rw{}
				state.make(s, l)
				self := s.start(func() string { return op.run(l) })
				if len(l.peers) == 0 {
					return self.String()
				}
				return self.String() + "; who waited: " + s.tell(l.peers...)
			})
		}
	}
}
