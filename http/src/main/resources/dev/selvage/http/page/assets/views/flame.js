// Flame graphs of every profile, and of what changed between two of them.

import {announce, busy as work, el, put, renew, say} from '../dom.js';
import {get} from '../feed.js';
import {FlameGraph, compare, grow} from '../flamegraph.js';
import * as format from '../format.js';

export const title = 'Flame graphs';

const MOST_CAPTURES = 12;
const MOST_FUNCTIONS = 40;

/** seconds: 'always' where a profile takes time, 'can' where it may, 'no' where it is of now. */
const COMMON = [
  ['goroutine', 'Goroutines: where all of them are', 'no'],
  ['cpu', 'CPU: where processor time goes', 'always'],
  ['wall', 'Wall clock: all goroutines, running or not', 'always'],
  ['allocs', 'Allocations, where', 'always'],
  ['heap', 'Heap, by class', 'can'],
  ['oldobjects', 'Objects that stay, where they were allocated', 'always'],
  ['block', 'Blocking, where', 'can'],
  ['mutex', 'Lock contention, who', 'can'],
  ['goroutineleak', 'Proven leaked goroutines', 'no'],
  ['threadcreate', 'Platform threads', 'can'],
];

// With those that the program makes itself, as soon as they are known.
let profiles = COMMON;

// Captures outlive the view.
const captures = [];
let numbers = 0;
let shownNumber = 0;
let baseNumber = 0;

export function mount(root, words) {
  let graph = null;
  let taking = null;
  let ticking = 0;

  const profile = el('select', {'aria-label': 'Profile', onchange: fit}, options());
  const seconds = el('input', {type: 'number', min: '1', max: '600', value: '5', 'aria-label': 'Seconds'});
  const secondsLabel = el('label.check', {}, seconds, 'seconds');
  const take = el('button.primary', {type: 'submit'}, 'Take');
  const cancel = el('button', {type: 'button', hidden: true, onclick: () => taking?.abort()}, 'Cancel');
  const progress = el('progress', {hidden: true, max: '1', 'aria-label': 'taking the profile'});
  const error = el('p.error', {role: 'alert', hidden: true});
  const list = el('tbody');
  const captureTable = el('div.scroll', {}, el('table.captures', {}, el('caption.sr', {}, 'Captures'),
    el('thead', {}, el('tr', {}, ['Profile', 'Taken', 'Total', 'Compare'].map(h => el('th', {scope: 'col'}, h)))), list));
  const search = el('input', {type: 'search', 'aria-label': 'Search functions', placeholder: 'search functions…', oninput: found});
  const hits = el('output', {});
  const type = el('select', {'aria-label': 'Numbers', onchange: () => retake(type.value)});
  const scaled = el('input', {type: 'checkbox', onchange: show});
  const scaledLabel = el('label.check', {}, scaled, 'as shares of the whole');
  const readout = el('p.readout', {id: 'readout'}); // what has the focus in the drawing says the same
  const place = el('div', {});
  const functions = el('tbody');
  const gone = el('div');
  const comments = el('ul.notes');
  const key = el('ul.key', {});
  const result = el('div', {hidden: true},
    el('div.filters', {}, search, hits, type, scaledLabel,
      el('button', {type: 'button', onclick: () => graph?.whole()}, 'Show the whole')),
    key, place, readout, gone,
    el('details', {}, el('summary', {}, 'As a table'),
      el('div.scroll', {}, el('table.functions', {}, el('caption', {}, 'The functions with the largest numbers of their own'),
        el('thead', {}, el('tr', {}, ['Itself', 'With what it calls', 'Function'].map(h => el('th', {scope: 'col'}, h)))), functions))),
    comments);

  root.append(el('h1', {}, title),
    el('form.filters', {onsubmit: event => { event.preventDefault(); capture(); }}, profile, secondsLabel, take, cancel),
    progress, error, captureTable, result);

  if (profiles.some(([name]) => name === words[0])) {
    profile.value = words[0];
  }

  function options() {
    return profiles.map(([name, text]) => el('option', {value: name}, text));
  }

  /** The program's own profiles are added to those that every program has. */
  async function learn() {
    try {
      const {own} = await get('profiles');
      const chosen = profile.value;
      profiles = [...COMMON, ...own.map(name => [name, `${name}: the program's own`, 'no'])];
      put(profile, options());
      profile.value = chosen;
    } catch (e) {
      error.hidden = false;
      say(error, `The program's own profiles are not known: ${e.message}`);
    }
  }

  function fit() {
    const kind = profiles.find(([name]) => name === profile.value)[2];
    secondsLabel.hidden = kind === 'no';
    seconds.min = kind === 'can' ? '0' : profile.value === 'oldobjects' ? '3' : '1';
    if (seconds.min === '0') {
      seconds.value = '0';
    } else if (seconds.value === '0') {
      seconds.value = '5';
    }
  }

  async function capture(wanted = '') {
    if (taking !== null) {
      return;
    }
    const name = profile.value;
    const kind = profiles.find(([n]) => n === name)[2];
    const time = kind === 'no' || (kind === 'can' && Number(seconds.value) === 0) ? null : seconds.value;
    taking = new AbortController();
    busy(true, Number(time ?? 0));
    try {
      const answer = await get('flame', {profile: name, seconds: time, type: wanted}, taking.signal);
      add(answer);
      error.hidden = true;
    } catch (e) {
      if (e.name !== 'AbortError') {
        error.hidden = false;
        say(error, e.message);
      }
    } finally {
      taking = null;
      busy(false, 0);
    }
  }

  function busy(is, time) {
    work(take, is, 'Take');
    cancel.hidden = !is;
    progress.hidden = !is || time === 0;
    clearInterval(ticking);
    if (is && time > 0) {
      const begin = performance.now();
      progress.value = 0;
      ticking = setInterval(() => { progress.value = Math.min(1, (performance.now() - begin) / 1000 / time); }, 200);
    }
  }

  function add(answer) {
    captures.push({number: ++numbers, answer});
    if (captures.length > MOST_CAPTURES) {
      captures.shift();
    }
    shownNumber = numbers;
    if (!captures.some(c => c.number === baseNumber && comparable(c.answer, answer))) {
      baseNumber = 0;
    }
    show();
    announce(readout.textContent);
  }

  const comparable = (a, b) => a.profile === b.profile && a.type === b.type;

  /** The same profile's other numbers: taken anew where it is of now. */
  function retake(wanted) {
    const now = captures.find(c => c.number === shownNumber);
    profile.value = now.answer.profile;
    fit();
    if (now.answer.nanos > 0) {
      seconds.value = String(Math.max(1, Math.round(now.answer.nanos / 1e9)));
    }
    capture(wanted);
  }

  function show() {
    const now = captures.find(c => c.number === shownNumber);
    captureTable.hidden = captures.length === 0;
    result.hidden = now === undefined;
    rows(now);
    if (now === undefined) {
      return;
    }
    const {answer} = now;
    const base = captures.find(c => c.number === baseNumber && c !== now && comparable(c.answer, answer));
    const boxes = grow(answer);
    let lost = [];
    if (base !== undefined) {
      const scale = scaled.checked && base.answer.total > 0 ? answer.total / base.answer.total : 1;
      lost = compare(boxes, grow(base.answer), scale);
    }
    scaledLabel.hidden = base === undefined;
    graph?.destroy();
    graph = new FlameGraph({boxes, unit: answer.unit, label: `${answer.profile}, ${answer.type}`,
      told(box, more = '') {
        const text = box === null ? summary(answer, base) : this.describe(box) + (more === '' ? '' : `; ${more}`);
        say(readout, text);
        return text;
      }});
    put(place, answer.total === 0 ? el('p.panel.empty', {}, 'Nothing was sampled.') : graph.element);
    say(readout, summary(answer, base));
    put(type, answer.types.map(t => el('option', {value: t}, t.replaceAll('_', ' '))));
    type.value = answer.type;
    type.hidden = answer.types.length < 2;
    put(comments, answer.comments.map(c => el('li', {}, c)));
    put(key, base === undefined
      ? [['flame-program', 'the program and its libraries'], ['flame-jdk', 'the JDK'], ['flame-selvage', 'Selvage']].map(swatched)
      : [['more', '▲ more than before'], ['less', '▼ less than before']].map(swatched));
    put(gone, lost.length === 0 ? null
      : el('details', {}, el('summary', {}, `${format.plural(lost.length, 'call')} of before are gone`),
        el('ul', {}, lost.slice(0, MOST_FUNCTIONS).map(g => el('li', {}, `${g.name}: ${format.amount(g.value, answer.unit)}`)))));
    table(boxes, answer);
    found();
  }

  function swatched([name, text]) {
    const swatch = el('span.swatch', {});
    swatch.style.background = `var(--${name})`;
    return el('li', {}, swatch, text);
  }

  function summary(answer, base) {
    return `${answer.profile}, ${answer.type.replaceAll('_', ' ')}: ${format.amount(answer.total, answer.unit)} in all`
      + (answer.nanos > 0 ? `, in ${format.nanos(answer.nanos)}` : '')
      + (base === undefined ? '' : `; compared with ${format.amount(base.answer.total, answer.unit)} at ${format.clock(base.answer.takenAt)}`)
      + (answer.least > 1 ? `. What has less than ${format.amount(answer.least, answer.unit)} is not drawn` : '')
      + (answer.shrunk > 0 ? `. ${format.plural(answer.shrunk, 'stack')} became fewer and cannot be drawn` : '')
      + (answer.tooDeep ? '. The deepest calls are not drawn' : '')
      + '.';
  }

  function rows(now) {
    renew(list, [...captures].reverse().map(c => {
      const shown = c === now;
      const base = c.number === baseNumber && !shown;
      const fits = now !== undefined && comparable(c.answer, now.answer);
      return el('tr', {'data-key': `row ${c.number}`, 'aria-current': shown ? 'true' : null},
        el('th', {scope: 'row'}, `${c.answer.profile}, ${c.answer.type.replaceAll('_', ' ')}`),
        el('td', {}, format.clock(c.answer.takenAt), c.answer.nanos > 0 ? `, ${format.nanos(c.answer.nanos)}` : ''),
        el('td.number', {}, format.amount(c.answer.total, c.answer.unit)),
        el('td', {}, shown ? 'shown' : el('button.quiet', {type: 'button', 'data-key': `show ${c.number}`, onclick: () => { shownNumber = c.number; show(); announce(readout.textContent); }}, 'Show'),
          shown || !fits ? null
            : el('button.quiet', {type: 'button', 'data-key': `base ${c.number}`, onclick: () => { baseNumber = baseNumber === c.number ? 0 : c.number; show(); announce(readout.textContent); }},
              base ? 'Compared with: stop' : 'Compare with this')));
    }));
  }

  function table(boxes, answer) {
    const byName = new Map();
    for (const box of boxes.slice(1)) {
      const f = byName.get(box.name) ?? {self: 0, all: 0};
      f.self += box.self;
      // Not twice, where a function calls itself.
      let above = box.parent;
      while (above !== null && above.name !== box.name) {
        above = above.parent;
      }
      f.all += above === null ? box.value : 0;
      byName.set(box.name, f);
    }
    const most = [...byName].sort((a, b) => b[1].self - a[1].self || b[1].all - a[1].all).slice(0, MOST_FUNCTIONS);
    put(functions, most.map(([name, f]) => el('tr', {},
      el('td.number', {}, `${format.amount(f.self, answer.unit)} · ${format.percent(f.self, answer.total)}`),
      el('td.number', {}, `${format.amount(f.all, answer.unit)} · ${format.percent(f.all, answer.total)}`),
      el('td.site', {}, name))));
  }

  function found() {
    const hit = graph?.search(search.value.trim()) ?? null;
    const all = graph?.boxes[0].value ?? 0;
    say(hits, hit === null ? '' : `${format.percent(hit.value, all)} in ${format.plural(hit.boxes, 'box', 'boxes')}`);
  }

  fit();
  show();
  learn();
  if (captures.length === 0) {
    capture();
  }
  return {theme: () => graph?.draw(), unmount: () => { taking?.abort(); clearInterval(ticking); graph?.destroy(); }};
}
