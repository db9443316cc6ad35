package main

import (
	"fmt"
	"sync"
)

func onces() {
	g := "Once"
	add(g, "do", "not done", func(s *stage) string {
		var once sync.Once
		n := 0
		a := s.start(func() string { once.Do(func() { n++ }); return "returns" })
		return fmt.Sprint(a, "; done ", n)
	})
	add(g, "do", "done by another action", func(s *stage) string {
		var once sync.Once
		n := 0
		once.Do(func() {})
		a := s.start(func() string { once.Do(func() { n++ }); return "returns" })
		return fmt.Sprint(a, "; done ", n)
	})
	add(g, "do", "being done", func(s *stage) string {
		var once sync.Once
		first := s.start(func() string { once.Do(func() { select {} }); return "returns" })
		return s.tell(first, s.start(func() string { once.Do(func() {}); return "returns" }))
	})
	add(g, "do", "being done, and that ends", func(s *stage) string {
		var once sync.Once
		end := make(chan int)
		n := 0
		first := s.start(func() string { once.Do(func() { <-end; n++ }); return "returns" })
		second := s.start(func() string { once.Do(func() { n++ }); return "returns" })
		close(end)
		return fmt.Sprint(s.tell(first, second), "; done ", n)
	})
	add(g, "do", "being done by the same goroutine", func(s *stage) string {
		var once sync.Once
		return s.start(func() string { once.Do(func() { once.Do(func() {}) }); return "returns" }).String()
	})
	add(g, "do, and it panics", "not done", func(s *stage) string {
		var once sync.Once
		return s.start(func() string { once.Do(func() { panic("boom") }); return "returns" }).String()
	})
	add(g, "do", "it panicked", func(s *stage) string {
		var once sync.Once
		n := 0
		s.start(func() string { once.Do(func() { panic("boom") }); return "" })
		a := s.start(func() string { once.Do(func() { n++ }); return "returns" })
		return fmt.Sprint(a, "; done ", n)
	})
	add(g, "call a once function", "it panicked", func(s *stage) string {
		n := 0
		f := sync.OnceFunc(func() { n++; panic("boom") })
		s.start(func() string { f(); return "" })
		a := s.start(func() string { f(); return "returns" })
		return fmt.Sprint(a, "; done ", n)
	})
	add(g, "get a once value", "got before", func(s *stage) string {
		n := 0
		f := sync.OnceValue(func() int { n++; return 41 + n })
		f()
		a := s.start(func() string { return fmt.Sprint(f()) })
		return fmt.Sprint(a, "; done ", n)
	})
	add(g, "get a once value", "being found out", func(s *stage) string {
		f := sync.OnceValue(func() int { select {} })
		first := s.start(func() string { return fmt.Sprint(f()) })
		return s.tell(first, s.start(func() string { return fmt.Sprint(f()) }))
	})
	add(g, "get a once value", "it panicked", func(s *stage) string {
		n := 0
		f := sync.OnceValue(func() int { n++; panic("boom") })
		s.start(func() string { f(); return "" })
		a := s.start(func() string { return fmt.Sprint(f()) })
		return fmt.Sprint(a, "; done ", n)
	})
}
