// The stream of samples. Comes back by itself, and says what state it is in.

const MOST_SAMPLES = 300;

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

/** Begins, and calls back with 'hello', 'sample', 'findings' or 'state' after each event. */
export function start(listen) {
  listener = listen;
  connect();
}

/** Pauses: the stream ends, so that nothing is sampled for us; or goes on. */
export function pause(paused) {
  known.paused = paused;
  clearTimeout(retry);
  if (paused) {
    source?.close();
    source = null;
    state('paused');
  } else {
    connect();
  }
}

function state(text) {
  known.state = text;
  listener('state');
}

function connect() {
  source?.close();
  state('connecting');
  const events = new EventSource('events');
  source = events;
  const on = (name, take) => events.addEventListener(name, event => {
    if (events === source) {
      take(JSON.parse(event.data));
    }
  });
  on('hello', data => {
    known.hello = data;
    known.dropped = 0;
    listener('hello');
    state('live');
  });
  on('history', data => {
    // What we have had already stays; another process, or a pause, begins anew.
    known.samples = data.length > 0 ? data : [];
    if (data.length > 0) {
      listener('sample');
    }
  });
  on('sample', data => {
    known.samples.push(data);
    if (known.samples.length > MOST_SAMPLES) {
      known.samples.shift();
    }
    if (!document.hidden) {
      listener('sample');
    }
  });
  on('findings', data => {
    known.findings = data;
    listener('findings');
  });
  on('dropped', data => {
    known.dropped = data;
    state('live');
  });
  events.onerror = () => {
    if (events !== source) {
      return;
    }
    const refused = events.readyState === EventSource.CLOSED; // it answered, with an error
    events.close();
    source = null;
    state(refused ? 'refused' : 'lost');
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
