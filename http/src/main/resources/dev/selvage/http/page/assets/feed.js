// The stream of samples. Comes back by itself, and says what state it is in.

/*
 * A browser has six connections to a server, and a stream keeps one. So all tabs of a server share
 * one: who holds the lock leads, reads the stream, and passes on what comes; whoever leads next gets
 * the lock when that tab is closed, pauses or crashes. A tab that comes later asks who leads for what
 * it has missed. Where a browser has no locks (they need a secure context, which localhost is) each
 * tab has a stream of its own.
 */
const MOST_SAMPLES = 300;
const LOCK = 'selvage-stream';
const shared = navigator.locks !== undefined && 'BroadcastChannel' in window
  ? new BroadcastChannel('selvage-stream') : null;
const me = `${Date.now()}-${Math.random()}`;

/** What is known: views read it, and are told of what comes by the listener. */
export const known = {
  hello: null,
  samples: [],
  findings: null,
  dropped: 0,
  state: 'connecting',
  paused: false,
};

let listener = () => {};
let source = null;
let retry = 0;
let waiting = null; // aborts the wait for the lock; null while this tab is paused
let release = null; // gives the lock back; null while another tab has it

/** Begins, and calls back with 'hello', 'sample', 'findings' or 'state' after each event. */
export function start(listen) {
  listener = listen;
  if (shared !== null) {
    shared.onmessage = event => hear(event.data);
  }
  join();
}

/** Pauses: the stream ends, so that nothing is sampled for us; or goes on. */
export function pause(paused) {
  known.paused = paused;
  if (paused) {
    leave();
    state('paused');
  } else {
    join();
  }
}

function state(text) {
  known.state = text;
  listener('state');
}

// --------------- Who reads the stream ---------------

function join() {
  state('connecting');
  if (shared === null) {
    connect();
    return;
  }
  const mine = new AbortController();
  waiting = mine;
  shared.postMessage({ask: me});
  navigator.locks.request(LOCK, {signal: mine.signal}, () => mine.signal.aborted ? null : new Promise(done => {
    release = done;
    connect();
  })).catch(() => {}); // it was paused while it waited
}

function leave() {
  clearTimeout(retry);
  source?.close();
  source = null;
  waiting?.abort();
  waiting = null;
  release?.();
  release = null;
}

/** What another tab says. */
function hear(message) {
  if (message.ask !== undefined) {
    if (release !== null && known.hello !== null) {
      const {hello, samples, findings, dropped, state: now} = known;
      shared.postMessage({to: message.ask, hello, samples, findings, dropped, state: now});
    }
  } else if (release !== null || waiting === null) {
    // It leads itself, or is paused.
  } else if (message.to === me) {
    take('hello', message.hello);
    take('history', message.samples);
    if (message.findings !== null) {
      take('findings', message.findings);
    }
    known.dropped = message.dropped;
    state(message.state);
  } else if (message.event === 'state') {
    state(message.data);
  } else if (message.event !== undefined) {
    take(message.event, message.data);
  }
}

/** To the other tabs. */
function tell(event, data) {
  shared?.postMessage({event, data});
}

// --------------- The stream ---------------

/** Each event, and what becomes of it. */
const EVENTS = {
  hello(data) {
    known.hello = data;
    known.dropped = 0;
    listener('hello');
    state('live');
  },
  history(data) {
    // What we have had already stays; another process, or a pause, begins anew.
    known.samples = data.length > 0 ? data : [];
    if (data.length > 0) {
      listener('sample');
    }
  },
  sample(data) {
    known.samples.push(data);
    if (known.samples.length > MOST_SAMPLES) {
      known.samples.shift();
    }
    if (!document.hidden) {
      listener('sample');
    }
  },
  findings(data) {
    known.findings = data;
    listener('findings');
  },
  dropped(data) {
    known.dropped = data;
    state('live');
  },
};

function take(event, data) {
  EVENTS[event]?.(data);
}

function lead(text) {
  state(text);
  tell('state', text);
}

function connect() {
  source?.close();
  lead('connecting');
  const events = new EventSource('events');
  source = events;
  for (const name of Object.keys(EVENTS)) {
    events.addEventListener(name, event => {
      if (events === source) {
        const data = JSON.parse(event.data);
        take(name, data);
        tell(name, data);
      }
    });
  }
  events.onerror = () => {
    if (events !== source) {
      return;
    }
    const refused = events.readyState === EventSource.CLOSED; // it answered, with an error
    events.close();
    source = null;
    lead(refused ? 'refused' : 'lost');
    retry = setTimeout(connect, refused ? 10_000 : 2000);
  };
}

/** JSON from a path below the page; an error has what the server said. */
export async function get(path, parameters = {}, signal = undefined) {
  const url = new URL(path, location.href.split('#')[0]);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== '' && value !== null && value !== undefined && value !== false) {
      url.searchParams.set(name, value === true ? '1' : value);
    }
  }
  const response = await fetch(url, {signal, headers: {Accept: 'application/json'}});
  if (!response.ok) {
    const error = new Error((await response.text()).trim() || `status ${response.status}`);
    error.status = response.status;
    throw error;
  }
  return response.json();
}
