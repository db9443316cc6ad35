// What the guide shows of golang.org/x/sync, which is not in Go's standard library.
package xsync

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

func TestErrgroup(t *testing.T) {
	missing := errors.New("no page 2")
	fetch := func(ctx context.Context, page int) error {
		if page == 2 {
			return missing
		}
		return nil
	}
	ctx := t.Context()
	pages := []int{1, 2, 3}
	// snippet: errgroup
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, page := range pages {
		group.Go(func() error { return fetch(groupCtx, page) })
	}
	err := group.Wait() // the first error
	// end
	if err != missing {
		t.Fatal(err)
	}
}

func TestTryGo(t *testing.T) {
	release := make(chan struct{})
	// snippet: errgroup-try
	var group errgroup.Group // without a context
	group.SetLimit(1)
	first := group.TryGo(func() error { <-release; return nil })
	second := group.TryGo(func() error { return nil }) // false: the limit is reached
	close(release)
	err := group.Wait()
	group.SetLimit(-1) // no limit
	// end
	if !first || second || err != nil {
		t.Fatal(first, second, err)
	}
}

func TestSemaphore(t *testing.T) {
	ctx := t.Context()
	// snippet: semaphore
	memory := semaphore.NewWeighted(100)
	if err := memory.Acquire(ctx, 60); err != nil {
		t.Fatal(err)
	}
	more := memory.TryAcquire(60)
	memory.Release(60)
	// end
	if more {
		t.Fatal("there were 120 of 100")
	}
}

func TestSingleflight(t *testing.T) {
	load := func(key string) (any, error) { return "value of " + key, nil }
	// snippet: singleflight
	var flights singleflight.Group
	value, err, shared := flights.Do("a", func() (any, error) { return load("a") })
	// end
	if value != "value of a" || err != nil || shared {
		t.Fatal(value, err, shared)
	}
}

func TestDoChan(t *testing.T) {
	load := func(key string) (any, error) { return "value of " + key, nil }
	var flights singleflight.Group
	// snippet: singleflight-chan
	result := <-flights.DoChan("a", func() (any, error) { return load("a") })
	loaded, failure := result.Val, result.Err
	flights.Forget("a") // who asks now does not share what is under way
	// end
	if loaded != "value of a" || failure != nil {
		t.Fatal(result)
	}
}
