package main

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// Rounds of the scenarios about chance. Each count N·p may differ from what is expected by `near`: by Hoeffding's inequality a fair
// choice does so with a probability of at most 2·exp(-2·550²/20000) = 1.5e-13, and there are fewer than 50 counts on both sides
// together, so less than 1e-11 for a whole run.
const (
	rounds = 20000
	near   = 550
)

// evenly tells whether choices among so many cases were uniform.
func evenly(cases int, choose func() int) string {
	counts := make([]int, cases)
	for range rounds {
		counts[choose()]++
	}
	for _, n := range counts {
		if n < rounds/cases-near || n > rounds/cases+near {
			return fmt.Sprint("not even: ", counts)
		}
	}
	return "each as often"
}

// outcomes is the set of what came in a thousand rounds. That one of two equally likely is missing has a probability of 2^-999.
func outcomes(round func() string) string {
	set := map[string]bool{}
	for range 1000 {
		set[attempt(round)] = true
	}
	var all []string
	for o := range set {
		all = append(all, o)
	}
	sort.Strings(all)
	return "any of: " + strings.Join(all, "; ")
}

func selects() {
	g := "select"
	add(g, "no case", "", func(s *stage) string { return s.start(func() string { select {} }).String() })
	add(g, "default only", "", func(s *stage) string {
		select {
		default:
			return "default"
		}
	})
	add(g, "two receives", "both nil", func(s *stage) string {
		return s.start(func() string { return selectReceive(nil, nil) }).String()
	})
	add(g, "two receives, default", "both nil", func(s *stage) string {
		select {
		case <-(chan string)(nil):
			return "never"
		case <-(chan string)(nil):
			return "never"
		default:
			return "default"
		}
	})
	add(g, "two receives", "neither ready", func(s *stage) string {
		return s.start(func() string { return selectReceive(make(chan string), make(chan string)) }).String()
	})
	add(g, "two receives", "the second ready", func(s *stage) string { return selectReceive(make(chan string), filled(1, "x")) })
	add(g, "two receives", "the first nil, the second ready", func(s *stage) string { return selectReceive(nil, filled(1, "x")) })
	add(g, "two receives", "the first closed", func(s *stage) string {
		ch := make(chan string)
		close(ch)
		return selectReceive(ch, make(chan string))
	})
	add(g, "two receives", "the first closed with a value left", func(s *stage) string {
		ch := filled(1, "x")
		close(ch)
		return selectReceive(ch, nil) + ", " + selectReceive(ch, nil)
	})
	add(g, "two receives", "waits; then a value comes on the second", func(s *stage) string {
		a, b := make(chan string), make(chan string)
		sel := s.start(func() string { return selectReceive(a, b) })
		b <- "x"
		said := s.tell(sel)
		select {
		case a <- "y":
			return said + "; and still waits on the first"
		default:
			return said + "; waits no more on the first"
		}
	})
	add(g, "two receives", "waits; then the first is closed", func(s *stage) string {
		a, b := make(chan string), make(chan string)
		sel := s.start(func() string { return selectReceive(a, b) })
		close(a)
		return s.tell(sel)
	})
	add(g, "two receives", "a sender waits on each", func(s *stage) string {
		a, b := make(chan string), make(chan string)
		p, q := sender(s, a, "p"), sender(s, b, "q")
		one := selectReceive(a, b)
		two := selectReceive(a, b)
		both := []string{one, two}
		sort.Strings(both)
		return strings.Join(both, ", ") + "; " + s.tell(p, q)
	})
	add(g, "two receives", "a sender waits on each; once", func(s *stage) string {
		a, b := make(chan string), make(chan string)
		p, q := sender(s, a, "p"), sender(s, b, "q")
		selectReceive(a, b)
		n := 0
		s.settle()
		for _, x := range []*actor{p, q} {
			if x.outcome.Load() != nil {
				n++
			}
		}
		return fmt.Sprintf("%d of 2 senders went on", n)
	})
	add(g, "receive from one, send to another", "waits; then the other is received from", func(s *stage) string {
		a, b := make(chan string), make(chan string)
		sel := s.start(func() string {
			select {
			case v, ok := <-a:
				return gotOrClosed(v, ok)
			case b <- "x":
				return "sent"
			}
		})
		return received(b) + "; " + s.tell(sel)
	})
	add(g, "two sends", "waits; then the first is closed", func(s *stage) string {
		a, b := make(chan string), make(chan string)
		sel := s.start(func() string {
			select {
			case a <- "x":
				return "sent"
			case b <- "y":
				return "sent"
			}
		})
		close(a)
		return s.tell(sel)
	})
	add(g, "send or default", "closed", func(s *stage) string {
		ch := make(chan string, 1)
		close(ch)
		select {
		case ch <- "x":
			return "sent"
		default:
			return "default"
		}
	})
	both := func(ch chan string) string {
		select {
		case v, ok := <-ch:
			return gotOrClosed(v, ok)
		case ch <- "x":
			return "sent"
		}
	}
	g = "select, same channel twice"
	add(g, "receive and send", "unbuffered", func(s *stage) string { return s.start(func() string { return both(make(chan string)) }).String() })
	add(g, "receive and send", "unbuffered; then a sender comes", func(s *stage) string {
		ch := make(chan string)
		sel := s.start(func() string { return both(ch) })
		p := sender(s, ch, "p")
		return s.tell(sel, p)
	})
	add(g, "receive and send", "unbuffered; then a receiver comes", func(s *stage) string {
		ch := make(chan string)
		sel := s.start(func() string { return both(ch) })
		r := receiver(s, ch)
		return s.tell(sel, r)
	})
	add(g, "receive and send", "two such selects", func(s *stage) string {
		ch := make(chan string)
		one := s.start(func() string { return both(ch) })
		two := s.start(func() string { return both(ch) })
		said := []string{one.String(), two.String()}
		sort.Strings(said)
		return strings.Join(said, "; ")
	})
	add(g, "receive and send", "room for 1, empty", func(s *stage) string { return both(make(chan string, 1)) })
	add(g, "receive and send", "room for 1, full", func(s *stage) string { return both(filled(1, "a")) })
	add(g, "receive and send", "room for 2, one value", func(s *stage) string {
		return outcomes(func() string { return both(filled(2, "a")) })
	})
	add(g, "receive and send", "closed", func(s *stage) string {
		ch := make(chan string)
		close(ch)
		return outcomes(func() string { return both(ch) })
	})
	add(g, "receive and receive", "waits; then a value comes", func(s *stage) string {
		ch := make(chan string)
		sel := s.start(func() string { return selectReceive(ch, ch) })
		ch <- "x"
		sel2 := sender(s, ch, "y")
		return strings.TrimLeft(s.tell(sel), "ab ") + "; " + s.tell(sel2)
	})

	g = "select, by chance"
	add(g, "send and receive", "one closed, the other has a value", func(s *stage) string {
		shut := make(chan string)
		close(shut)
		return outcomes(func() string {
			select {
			case shut <- "x":
				return "sent"
			case v := <-filled(1, "a"):
				return "got " + v
			}
		})
	})
	shut := make(chan string)
	close(shut)
	add(g, "two receives", "both ready", func(s *stage) string {
		return evenly(2, func() int {
			select {
			case <-shut:
				return 0
			case <-shut:
				return 1
			}
		})
	})
	add(g, "three receives", "all ready", func(s *stage) string {
		return evenly(3, func() int {
			select {
			case <-shut:
				return 0
			case <-shut:
				return 1
			case <-shut:
				return 2
			}
		})
	})
	add(g, "four receives", "all ready", func(s *stage) string {
		return evenly(4, func() int {
			select {
			case <-shut:
				return 0
			case <-shut:
				return 1
			case <-shut:
				return 2
			case <-shut:
				return 3
			}
		})
	})
	add(g, "receive, send, receive, receive", "the first three ready", func(s *stage) string {
		room := make(chan string, rounds)
		return evenly(3, func() int {
			select {
			case <-shut:
				return 0
			case room <- "x":
				return 1
			case <-shut:
				return 2
			case <-make(chan string):
				return 3
			}
		})
	})
	add(g, "four receives", "two ready, two nil", func(s *stage) string {
		var never chan string
		return evenly(2, func() int {
			select {
			case <-never:
				return 2
			case <-shut:
				return 0
			case <-never:
				return 3
			case <-shut:
				return 1
			}
		})
	})
	add(g, "two receives and a default", "both ready", func(s *stage) string {
		return evenly(2, func() int {
			select {
			case <-shut:
				return 0
			case <-shut:
				return 1
			default:
				return 2
			}
		})
	})
	add(g, "two receives from the same and one from another", "all ready; how often the other", func(s *stage) string {
		other := make(chan string)
		close(other)
		n := 0
		for range rounds {
			select {
			case <-shut:
			case <-other:
				n++
			case <-shut:
			}
		}
		if n < rounds/3-near || n > rounds/3+near {
			return fmt.Sprint("not a third: ", n)
		}
		return "a third"
	})

	g = "select, time limit"
	timed := func(ch chan string, limit time.Duration) string {
		select {
		case v, ok := <-ch:
			return gotOrClosed(v, ok)
		case <-time.After(limit):
			return "time is over"
		}
	}
	add(g, "one millisecond", "nothing comes", func(s *stage) string { return timed(make(chan string), time.Millisecond) })
	add(g, "an hour", "a value is there", func(s *stage) string { return timed(filled(1, "a"), time.Hour) })
	add(g, "an hour", "closed", func(s *stage) string { return timed(shut, time.Hour) })
	add(g, "an hour", "waits; then a value comes", func(s *stage) string {
		ch := make(chan string)
		sel := s.start(func() string { return timed(ch, time.Hour) })
		said := sel.String()
		ch <- "x"
		return said + ", then " + s.tell(sel)
	})
	add(g, "one millisecond", "nil", func(s *stage) string { return timed(nil, time.Millisecond) })

	g = "select, in a loop"
	add(g, "leave out who is closed", "a and b have values, both closed", func(s *stage) string {
		a, b := filled(2, "1", "2"), filled(2, "3", "4")
		close(a)
		close(b)
		var got []string
		for a != nil || b != nil {
			select {
			case v, ok := <-a:
				if !ok {
					a = nil
					continue
				}
				got = append(got, v)
			case v, ok := <-b:
				if !ok {
					b = nil
					continue
				}
				got = append(got, v)
			}
		}
		sort.Strings(got)
		return strings.Join(got, "")
	})
	add(g, "merge", "two senders of fifty values each", func(s *stage) string {
		a, b := make(chan int), make(chan int)
		for i, ch := range []chan int{a, b} {
			s.launch(func() string {
				for v := range 50 {
					ch <- i*50 + v
				}
				return ""
			})
		}
		last := [2]int{-1, 49}
		for range 100 {
			v := 0
			select {
			case v = <-a:
			case v = <-b:
			}
			if last[v/50]++; last[v/50] != v {
				return fmt.Sprintf("%d instead of %d", v, last[v/50])
			}
		}
		return "100, each sender's in order"
	})
}
