// Runs the scenarios of the conformance table in Go and prints one line for each: group, operation, state and outcome, with tabs
// between. The Java side (src/main/java) has the same scenarios under the same names. Nothing here depends on how fast anything
// is: what has to come is awaited, and "blocks" is said by the runtime's own stack dump, for which the world is stopped.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// A run that hangs is a bug of the scenario; it ends here, with every stack.
const patience = 60 * time.Second

type scenario struct {
	group, operation, state string
	run                     func(*stage) string
	fatal                   bool
}

func (s scenario) key() string { return s.group + "\t" + s.operation + "\t" + s.state }

var scenarios []scenario

func add(group, operation, state string, run func(*stage) string) {
	scenarios = append(scenarios, scenario{group, operation, state, run, false})
}

// addFatal adds a scenario that may end the process; it gets one of its own.
func addFatal(group, operation, state string, run func(*stage) string) {
	scenarios = append(scenarios, scenario{group, operation, state, run, true})
}

// A stage has actors: goroutines of which each does one thing, and finishes or blocks.
type stage struct{ actors []*actor }

type actor struct {
	id      atomic.Pointer[string]
	outcome atomic.Pointer[string]
	blocked string // written by settle
}

// start starts an actor and waits until it, and everybody else, has finished or is blocked.
func (s *stage) start(do func() string) *actor {
	a := s.launch(do)
	s.settle()
	return a
}

func (s *stage) launch(do func() string) *actor {
	a := &actor{}
	s.actors = append(s.actors, a)
	go func() {
		id := goroutineID()
		a.id.Store(&id)
		outcome := attempt(do)
		a.outcome.Store(&outcome)
	}()
	return a
}

func goroutineID() string {
	buf := make([]byte, 64)
	return strings.Fields(string(buf[:runtime.Stack(buf, false)]))[1]
}

func attempt(do func() string) (outcome string) {
	defer func() {
		if r := recover(); r != nil {
			outcome = "panics: " + fmt.Sprint(r)
		}
	}()
	return do()
}

var header = regexp.MustCompile(`(?m)^goroutine (\d+)[^\[\n]* \[([^,\]]+)[^\]]*\]:`)

var durable = map[string]bool{
	"chan send": true, "chan receive": true, "chan send (nil chan)": true, "chan receive (nil chan)": true,
	"select": true, "select (no cases)": true, "sync.Mutex.Lock": true, "sync.RWMutex.RLock": true,
	"sync.RWMutex.Lock": true, "sync.WaitGroup.Wait": true, "sync.Cond.Wait": true,
}

var dump = make([]byte, 1<<20)

// settle waits until no actor can go on by itself.
func (s *stage) settle() {
	for end := time.Now().Add(patience); !s.settled(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(end) {
			panic("no end of it")
		}
	}
}

func (s *stage) settled() bool {
	n := runtime.Stack(dump, true)
	for n == len(dump) {
		dump = make([]byte, 2*len(dump))
		n = runtime.Stack(dump, true)
	}
	state := map[string]string{}
	for _, m := range header.FindAllSubmatch(dump[:n], -1) {
		state[string(m[1])] = string(m[2])
	}
	for _, a := range s.actors {
		if a.outcome.Load() != nil {
			continue
		}
		id := a.id.Load()
		if id == nil || !durable[state[*id]] {
			return false
		}
		a.blocked = state[*id]
	}
	return true
}

// String is the outcome of an actor, as of the last time that all had settled.
func (a *actor) String() string {
	if o := a.outcome.Load(); o != nil {
		return *o
	}
	return "blocks (" + a.blocked + ")"
}

// tell settles and joins the outcomes of actors.
func (s *stage) tell(actors ...*actor) string {
	s.settle()
	var said []string
	for _, a := range actors {
		said = append(said, a.String())
	}
	return strings.Join(said, "; ")
}

// finish waits until actors have finished, whoever lets them, and joins their outcomes.
func (s *stage) finish(actors ...*actor) string {
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Microsecond) {
		left := 0
		for _, a := range actors {
			if a.outcome.Load() == nil {
				left++
			}
		}
		if left == 0 {
			return s.tell(actors...)
		}
		if time.Now().After(end) {
			panic("no end of it")
		}
	}
}

func (sc scenario) inOwnProcess() string {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	var out, problem bytes.Buffer
	cmd := exec.Command(self, sc.key())
	cmd.Stdout, cmd.Stderr = &out, &problem
	if cmd.Run() == nil {
		return out.String()
	}
	if m := regexp.MustCompile(`(?m)^fatal error: (.*)$`).FindStringSubmatch(problem.String()); m != nil {
		return "fatal: " + m[1]
	}
	if m := regexp.MustCompile(`(?m)^panic: (.*?)(?: \[recovered.*\])?$`).FindStringSubmatch(problem.String()); m != nil {
		return "the process ends: " + m[1]
	}
	panic(problem.String())
}

func main() {
	channels()
	selects()
	groups()
	locks()
	onces()
	contexts()
	timers()
	xsync()
	for _, sc := range scenarios {
		if len(os.Args) > 1 {
			if os.Args[1] == sc.key() {
				fmt.Print(sc.run(&stage{}))
			}
			continue
		}
		outcome := ""
		if sc.fatal {
			outcome = sc.inOwnProcess()
		} else {
			outcome = attempt(func() string { return sc.run(&stage{}) })
		}
		fmt.Printf("%s\t%s\n", sc.key(), outcome)
	}
}
