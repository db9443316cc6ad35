package main

import (
	"fmt"
	"strings"
)

type channelState struct {
	name string
	make func(*stage) (chan string, []*actor)
}

func sender(s *stage, ch chan string, v string) *actor {
	return s.start(func() string { ch <- v; return v + " sent" })
}

func receiver(s *stage, ch chan string) *actor {
	return s.start(func() string { return received(ch) })
}

func received(ch chan string) string {
	v, ok := <-ch
	return gotOrClosed(v, ok)
}

func gotOrClosed(v string, ok bool) string {
	if !ok {
		return "closed"
	}
	return "got " + v
}

// filled makes a channel with values in it.
func filled(capacity int, values ...string) chan string {
	ch := make(chan string, capacity)
	for _, v := range values {
		ch <- v
	}
	return ch
}

func alone(ch chan string) func(*stage) (chan string, []*actor) {
	return func(*stage) (chan string, []*actor) { return ch, nil }
}

func fresh(capacity int, closed bool, values ...string) func(*stage) (chan string, []*actor) {
	return func(*stage) (chan string, []*actor) {
		ch := filled(capacity, values...)
		if closed {
			close(ch)
		}
		return ch, nil
	}
}

func withSenders(capacity int, waiting []string, values ...string) func(*stage) (chan string, []*actor) {
	return func(s *stage) (chan string, []*actor) {
		ch := filled(capacity, values...)
		var peers []*actor
		for _, v := range waiting {
			peers = append(peers, sender(s, ch, v))
		}
		return ch, peers
	}
}

func withReceivers(capacity, n int) func(*stage) (chan string, []*actor) {
	return func(s *stage) (chan string, []*actor) {
		ch := make(chan string, capacity)
		var peers []*actor
		for range n {
			peers = append(peers, receiver(s, ch))
		}
		return ch, peers
	}
}

func channelStates() []channelState {
	return []channelState{
		{"nil", alone(nil)},
		{"unbuffered", fresh(0, false)},
		{"unbuffered, a sender waits", withSenders(0, []string{"p"})},
		{"unbuffered, two senders wait", withSenders(0, []string{"p", "q"})},
		{"unbuffered, a receiver waits", withReceivers(0, 1)},
		{"unbuffered, two receivers wait", withReceivers(0, 2)},
		{"room for 2, empty", fresh(2, false)},
		{"room for 2, empty, a receiver waits", withReceivers(2, 1)},
		{"room for 2, one value", fresh(2, false, "a")},
		{"room for 2, full", fresh(2, false, "a", "b")},
		{"room for 2, full, a sender waits", withSenders(2, []string{"p"}, "a", "b")},
		{"room for 2, full, two senders wait", withSenders(2, []string{"p", "q"}, "a", "b")},
		{"unbuffered, closed", fresh(0, true)},
		{"room for 2, closed, empty", fresh(2, true)},
		{"room for 2, closed, one value", fresh(2, true, "a")},
		{"room for 2, closed, full", fresh(2, true, "a", "b")},
	}
}

func channels() {
	operations := []struct {
		name string
		run  func(ch chan string) string
	}{
		{"send", func(ch chan string) string { ch <- "x"; return "sent" }},
		{"receive", func(ch chan string) string {
			if v := <-ch; v != "" {
				return "got " + v
			}
			return "got the zero value"
		}},
		{"receive, and whether closed", received},
		{"close", func(ch chan string) string { close(ch); return "ok" }},
		{"len", func(ch chan string) string { return fmt.Sprint(len(ch)) }},
		{"cap", func(ch chan string) string { return fmt.Sprint(cap(ch)) }},
		{"range", func(ch chan string) string {
			said := "got"
			for v := range ch {
				said += " " + v
			}
			return said + ", then the end"
		}},
		{"send if ready", func(ch chan string) string {
			select {
			case ch <- "x":
				return "sent"
			default:
				return "not ready"
			}
		}},
		{"receive if ready", func(ch chan string) string {
			select {
			case v, ok := <-ch:
				return gotOrClosed(v, ok)
			default:
				return "not ready"
			}
		}},
		{"select that sends", func(ch chan string) string {
			select {
			case ch <- "x":
				return "sent"
			case <-(chan string)(nil):
				return "never"
			}
		}},
		{"select that receives", func(ch chan string) string {
			select {
			case v, ok := <-ch:
				return gotOrClosed(v, ok)
			case <-(chan string)(nil):
				return "never"
			}
		}},
	}
	for _, op := range operations {
		for _, state := range channelStates() {
			add("channel", op.name, state.name, func(s *stage) string {
				ch, peers := state.make(s)
				self := s.start(func() string { return op.run(ch) })
				said := fmt.Sprintf("%s; len %d", self, len(ch))
				if len(peers) > 0 {
					said += "; who waited: " + s.tell(peers...)
				}
				return said
			})
		}
	}

	add("channel", "make", "negative capacity", func(s *stage) string {
		n := -1
		return fmt.Sprint(cap(make(chan string, n)))
	})
	order := "channel order"
	add(order, "send a, b, c", "three receivers wait", func(s *stage) string {
		ch := make(chan string)
		r1, r2, r3 := receiver(s, ch), receiver(s, ch), receiver(s, ch)
		ch <- "a"
		ch <- "b"
		ch <- "c"
		return s.tell(r1, r2, r3)
	})
	add(order, "receive three times", "senders of a, b, c wait", func(s *stage) string {
		ch := make(chan string)
		sender(s, ch, "a")
		sender(s, ch, "b")
		sender(s, ch, "c")
		return <-ch + <-ch + <-ch
	})
	add(order, "receive once", "a and b in the buffer, senders of c and d wait", func(s *stage) string {
		ch := filled(2, "a", "b")
		c, d := sender(s, ch, "c"), sender(s, ch, "d")
		return received(ch) + "; " + s.tell(c, d) + fmt.Sprintf("; len %d", len(ch))
	})
	add(order, "receive until empty", "a and b in the buffer, senders of c and d wait", func(s *stage) string {
		ch := filled(2, "a", "b")
		c, d := sender(s, ch, "c"), sender(s, ch, "d")
		return <-ch + <-ch + <-ch + <-ch + "; " + s.tell(c, d)
	})
	add(order, "send, receive, send, receive", "room for 2, one value", func(s *stage) string {
		ch := filled(2, "a")
		said := ""
		for _, v := range []string{"b", "c", "d", "e", "f"} {
			ch <- v
			said += <-ch
		}
		return said + <-ch
	})
	add(order, "send", "a receiver waits, the buffer is empty", func(s *stage) string {
		ch := make(chan string, 2)
		r := receiver(s, ch)
		ch <- "a"
		said := fmt.Sprintf("len %d; ", len(ch)) // it went past the buffer
		return said + s.tell(r)
	})
	add(order, "send x", "a receiver and a select wait", func(s *stage) string {
		ch := make(chan string)
		r := receiver(s, ch)
		sel := s.start(func() string { return selectReceive(ch, nil) })
		ch <- "x"
		return s.tell(r, sel)
	})
	add(order, "send x", "a select and a receiver wait", func(s *stage) string {
		ch := make(chan string)
		sel := s.start(func() string { return selectReceive(ch, nil) })
		r := receiver(s, ch)
		ch <- "x"
		return s.tell(sel, r)
	})
	add(order, "close, then receive", "a and b in the buffer, a sender of c waits", func(s *stage) string {
		ch := filled(2, "a", "b")
		c := sender(s, ch, "c")
		close(ch)
		return s.tell(c) + "; " + strings.Join([]string{received(ch), received(ch), received(ch)}, ", ")
	})
	add(order, "a hundred values", "one sender, one receiver, unbuffered", func(s *stage) string { return stream(s, 0) })
	add(order, "a hundred values", "one sender, one receiver, room for 3", func(s *stage) string { return stream(s, 3) })
}

func stream(s *stage, capacity int) string {
	ch := make(chan int, capacity)
	s.launch(func() string {
		for i := range 100 {
			ch <- i
		}
		close(ch)
		return ""
	})
	next := 0
	for v := range ch {
		if v != next {
			return fmt.Sprintf("%d instead of %d", v, next)
		}
		next++
	}
	return fmt.Sprintf("%d in order", next)
}

func selectReceive(a, b chan string) string {
	select {
	case v, ok := <-a:
		return "a " + gotOrClosed(v, ok)
	case v, ok := <-b:
		return "b " + gotOrClosed(v, ok)
	}
}
