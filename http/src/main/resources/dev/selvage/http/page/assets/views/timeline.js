// An execution trace of a moment, or of the last seconds: who ran where, who waited for what, and for how long.

import {brief, busy, el, isBusy, put, say} from '../dom.js';
import {get} from '../feed.js';
import {Lanes} from '../lanes.js';
import {latencies} from '../latency.js';
import * as format from '../format.js';

export const title = 'Timeline';

const MOST_LANES = 40;
const MOST_ROWS = 30;
const COLOURS = ['c1', 'c2', 'c4', 'c5', 'c7', 'c8', 'c3'];

// Outlives the view.
let recorded = null;

export function mount(root) {
  const seconds = el('select', {'aria-label': 'For how long'}, [['0.2', '200 ms'], ['1', '1 s'], ['3', '3 s'], ['10', '10 s']].map(([v, t]) => el('option', {value: v}, t)));
  seconds.value = '1';
  const take = el('button.primary', {type: 'submit'}, 'Record');
  const last = el('button', {type: 'button', onclick: () => fetched({last: true})}, 'Show the last seconds');
  const by = el('select', {'aria-label': 'Lanes', onchange: draw}, el('option', {value: 'p'}, 'a lane for each P'), el('option', {value: 'g'}, 'a lane for each goroutine'));
  const error = el('p.error', {role: 'alert', hidden: true});
  const status = el('p.summary', {role: 'status'});
  const readout = el('p.readout', {id: 'slice'}); // what has the focus in the drawing says the same
  const place = el('div');
  const key = el('ul.key');
  const rows = el('tbody');
  const latency = el('div');
  const said = el('div');
  let lanes = null;
  const result = el('div', {hidden: true},
    el('div.filters', {}, by,
      el('button', {type: 'button', onclick: () => lanes?.zoom(0.5, (lanes.from + lanes.to) / 2)}, 'Closer'),
      el('button', {type: 'button', onclick: () => lanes?.zoom(2, (lanes.from + lanes.to) / 2)}, 'Further'),
      el('button', {type: 'button', onclick: () => lanes?.whole()}, 'Show the whole')),
    key, place, readout,
    el('div.two', {},
      el('section.panel', {'aria-labelledby': 'waited'}, el('h2', {id: 'waited'}, 'From runnable to running'), latency),
      el('section.panel', {'aria-labelledby': 'words'}, el('h2', {id: 'words'}, 'Tasks, regions, logs'), said)),
    el('section', {'aria-labelledby': 'busiest'}, el('h2', {id: 'busiest'}, 'The busiest goroutines'),
      el('div.scroll', {}, el('table.busiest', {}, el('caption.sr', {}, 'Goroutines by the time for which they ran'),
        el('thead', {}, el('tr', {}, ['Goroutine', 'Began in', 'Runs', 'Running', 'Runnable', 'Blocked'].map(h => el('th', {scope: 'col'}, h)))), rows))));

  root.append(el('h1', {}, title),
    el('p.note', {}, 'A short execution trace, as go tool trace has it. It needs the scheduler of Selvage; recording costs the program a little while it lasts. The last seconds are those that its flight recorder holds, if one runs.'),
    el('form.filters', {onsubmit: event => { event.preventDefault(); fetched({seconds: seconds.value}); }}, seconds, take, last),
    error, status, result);

  async function fetched(wanted) {
    if (isBusy(take)) {
      return;
    }
    busy(take, true, wanted.last ? 'Reading…' : 'Recording…');
    busy(last, true, 'Show the last seconds');
    error.hidden = true;
    try {
      recorded = {answer: await get('timeline', wanted), at: Date.now()};
      show();
    } catch (e) {
      error.hidden = false;
      say(error, e.message);
    }
    busy(take, false, 'Record');
    busy(last, false, 'Show the last seconds');
  }

  function show() {
    if (recorded === null) {
      return;
    }
    const {answer, at} = recorded;
    result.hidden = false;
    say(status, `${format.nanos(answer.nanos)} until ${format.clock(at)}: ${format.plural(answer.runs.length, 'run')} of ${format.plural(answer.goroutines.length, 'goroutine')} `
      + `on ${format.plural(answer.processors, 'P')}, ${format.plural(answer.collections.length, 'pause')} of the collector`
      + (answer.cutBefore > 0 ? `; there was more before ${format.nanos(answer.cutBefore)}` : '') + '.');
    put(latency, latencies(answer.latency));
    const busiest = [...answer.goroutines].sort((a, b) => b.running - a.running).slice(0, MOST_ROWS);
    put(rows, busiest.map(g => el('tr', {},
      el('td.number', {}, `#${g.id}${g.name === '' ? '' : ` ${g.name}`}`), el('td.site', {}, g.root === '' ? '–' : g.root), el('td.number', {}, format.count(g.runs)),
      el('td.number', {}, format.nanos(g.running)), el('td.number', {}, format.nanos(g.runnable)), el('td.number', {}, format.nanos(g.blocked)))));
    put(said, answer.logs.length === 0 ? el('p.note', {}, 'Nothing was said with dev.selvage.trace.')
      : el('ul.notes', {}, answer.logs.slice(-60).map(([t, g, what, text]) => el('li', {}, `${format.nanos(t)} #${answer.goroutines[g].id} ${what} ${text}`))));
    draw();
  }

  const whole = g => [`#${g.id}`, g.name, g.root].filter(t => t !== '').join(' ');
  const nameOf = g => g.name === '' ? (g.root === '' ? `#${g.id}` : brief(g.root)) : g.name;

  function draw() {
    const {answer} = recorded;
    lanes?.destroy();
    const grouped = by.value === 'p' ? ofProcessors(answer) : ofGoroutines(answer);
    lanes = new Lanes({
      lanes: grouped,
      bands: answer.collections.map(([from, to, cause]) => ({from, to, cause})),
      end: answer.nanos,
      told(slice, more = '') {
        const text = slice === null ? more || hint() : by.value === 'p' ? more + slice.say() : slice.say();
        say(readout, text);
        return text;
      },
      label: by.value === 'p' ? 'what ran on each P' : 'what each goroutine did',
    });
    put(place, lanes.element);
    say(readout, hint());
    put(key, by.value === 'p' ? [swatched('c3', 'pause of the collector'), el('li', {}, 'one colour for all goroutines that began in the same place')]
      : [swatched('c2', 'running'), swatched('c3', 'runnable, or a pause'), swatched('c6', 'blocked')]);
  }

  const hint = () => 'Point at a slice, or go there with the arrow keys; + and − zoom, Enter goes close, Escape shows the whole.';

  function swatched(name, text) {
    const swatch = el('span.swatch', {});
    swatch.style.background = `var(--${name})`;
    return el('li', {}, swatch, text);
  }

  /** Goroutines that began in the same place have the same colour. */
  function ofProcessors(answer) {
    const colours = new Map();
    const colourOf = g => {
      const root = g.root === '' ? g.name : g.root;
      if (!colours.has(root)) {
        colours.set(root, COLOURS[colours.size % COLOURS.length]);
      }
      return colours.get(root);
    };
    const all = new Map([...answer.lanes].sort((a, b) => a - b)
      .map(l => [l, {label: l < answer.processors ? `P ${l}` : `besides ${l - answer.processors + 1}`, slices: []}]));
    for (const [lane, from, to, g, word, waker] of answer.runs) {
      const goroutine = answer.goroutines[g];
      all.get(lane)?.slices.push({from, to, colour: colourOf(goroutine), text: nameOf(goroutine), say: () =>
        `${whole(goroutine)}: ran for ${format.nanos(to - from)} from ${format.nanos(from)}; then ${answer.words[word]}`
        + (waker < 0 ? '' : `; woken by #${answer.goroutines[waker].id} ${nameOf(answer.goroutines[waker])}`)});
    }
    return [...all.values()].filter(l => l.slices.length > 0 || l.label.startsWith('P '));
  }

  function ofGoroutines(answer) {
    const busiest = answer.goroutines.map((g, i) => [g, i]).sort((a, b) => b[0].running - a[0].running).slice(0, MOST_LANES);
    const all = new Map(busiest.map(([g, i]) => [i, {label: `#${g.id} ${g.name}`, slices: []}]));
    for (const [g, from, to, word] of answer.states) {
      const what = answer.words[word];
      const goroutine = answer.goroutines[g];
      all.get(g)?.slices.push({from, to, colour: what === 'running' ? 'c2' : what === 'runnable' ? 'c3' : 'c6', text: what, say: () =>
        `${whole(goroutine)}: ${what} for ${format.nanos(to - from)} from ${format.nanos(from)}`});
    }
    return [...all.values()];
  }

  show();
  return {theme: () => lanes?.draw(), unmount: () => lanes?.destroy()};
}
