// What the program does, second by second.

import {el, put, say} from '../dom.js';
import {known} from '../feed.js';
import {Chart} from '../chart.js';
import * as format from '../format.js';

export const title = 'Overview';

const STATES = [
  ['proven leaked', 'proven'],
  ['waiting', 'c1'],
  ['timed', 'c6'],
  ['io', 'c4'],
  ['monitor or pinned', 'c5'],
  ['runnable', 'c2'],
];
const MOST_REASONS = 7;
const REASON_COLOURS = ['c1', 'c2', 'c3', 'c4', 'c5', 'c7', 'c8'];

export function mount(root) {
  const tiles = {};
  const tile = (key, label, href) => {
    const [value, note] = [el('b'), el('span')];
    // The comma: else two numbers sound as one.
    const inside = [el('span.label', {}, label), value, el('span.note', {}, href ? el('span.sr', {}, ', ') : null, note)];
    const element = el(`li.tile.${key}`, {}, href ? el('a', {href}, inside) : inside);
    tiles[key] = {element, value, note};
    return element;
  };
  const notice = el('p.notice', {hidden: true});
  const states = new Chart({
    title: 'Goroutines by state',
    series: STATES.map(([label, colour]) => ({label, colour})),
    stacked: true,
    height: 220,
  });
  const reasons = new Chart({title: 'By what they wait for', series: [], stacked: true, height: 220});
  const heap = new Chart({
    title: 'Heap',
    series: [{label: 'used', colour: 'c1'}, {label: 'committed', colour: 'c6', dash: [4, 3]}],
    unit: format.bytes,
  });
  const pauses = new Chart({
    title: 'Collecting, per second',
    series: [{label: 'time', colour: 'c3'}],
    unit: n => `${format.short(n)} ms`,
  });
  const charts = [states, reasons, heap, pauses];
  root.append(
    el('h1', {}, title),
    notice,
    el('ul.tiles', {'aria-label': 'Now'},
      tile('goroutines', 'Goroutines', '#/goroutines'),
      tile('proven', 'Proven leaked', '#/goroutines/proven'),
      tile('findings', 'Findings', '#/leaks'),
      tile('heap', 'Heap used'),
      tile('gc', 'Collections'),
      tile('cpu', 'Processor'),
      tile('threads', 'Platform threads')),
    el('div.charts', {}, charts.map(c => c.element)));

  function sample() {
    const samples = known.samples;
    const now = samples.at(-1);
    if (now === undefined) {
      return;
    }
    const before = samples.at(-2);
    tellTiles(now, before);
    notices(now);
    const times = samples.map(s => s.t);
    states.show(times, STATES.map(([label]) => samples.map(s => s.goroutines.states[label] ?? 0)));
    const {series, values} = byReason(samples);
    reasons.use(series);
    reasons.show(times, values);
    heap.show(times, [samples.map(s => s.heap.used), samples.map(s => s.heap.committed)]);
    pauses.show(times, [samples.map((s, i) => i === 0 ? null
      : Math.max(0, s.gc.millis - samples[i - 1].gc.millis) * 1000 / Math.max(1, s.t - samples[i - 1].t))]);
  }

  function tellTiles(now, before) {
    const set = (key, value, note = '') => {
      say(tiles[key].value, value);
      say(tiles[key].note, note);
    };
    const g = now.goroutines;
    set('goroutines', format.count(g.total), `${format.count(g.states.runnable ?? 0)} runnable`);
    set('proven', format.count(g.proven), g.proven === 0 ? 'none that is known' : 'can never run again');
    tiles.proven.element.classList.toggle('some', g.proven > 0);
    set('heap', format.bytes(now.heap.used), now.heap.max === null ? '' : `of ${format.bytes(now.heap.max)} at most`);
    const passed = before === undefined ? 0 : now.gc.count - before.gc.count;
    set('gc', format.count(now.gc.count), `${format.nanos(now.gc.millis * 1e6)} in all${passed > 0 ? `, ${passed} just now` : ''}`);
    set('cpu', now.cpu === null || now.cpu === undefined ? '?' : `${(100 * now.cpu).toFixed(0)}%`, 'of the machine');
    set('threads', format.count(now.threads));
    tellFindings();
  }

  function tellFindings() {
    const report = known.findings;
    if (!report || report.capturedAt === null) {
      say(tiles.findings.value, '–');
      say(tiles.findings.note, 'nobody has looked yet');
      return;
    }
    const open = report.findings.filter(f => f.state === 'open');
    const proven = open.filter(f => f.verdict !== 'suspected').length;
    say(tiles.findings.value, String(open.length));
    say(tiles.findings.note, `${proven} proven, ${open.length - proven} suspected`);
  }

  function notices(now) {
    const words = [];
    if (!now.goroutines.complete) {
      words.push('This JVM does not list its virtual threads for us: only goroutines that have waited in Selvage are counted here. '
        + 'Start it under the agent, or with the --add-opens that the leak report names.');
    }
    if (now.goroutines.estimated) {
      words.push('There are many goroutines: what they wait for is estimated from a sample of their stacks.');
    }
    notice.hidden = words.length === 0;
    say(notice, words.join(' '));
  }

  sample();
  return {
    sample,
    findings: tellFindings,
    theme: () => charts.forEach(c => c.redraw()),
    unmount: () => charts.forEach(c => c.destroy()),
  };
}

/** The reasons that matter most in what is shown, in an order that stays, and the rest as one. */
let order = [];

function byReason(samples) {
  const most = new Map();
  for (const s of samples) {
    for (const [reason, n] of Object.entries(s.goroutines.reasons)) {
      most.set(reason, Math.max(most.get(reason) ?? 0, n));
    }
  }
  const wanted = [...most].sort((a, b) => b[1] - a[1]).slice(0, MOST_REASONS).map(([reason]) => reason);
  order = [...order.filter(r => wanted.includes(r)), ...wanted.filter(r => !order.includes(r))];
  const values = order.map(reason => samples.map(s => s.goroutines.reasons[reason] ?? 0));
  const series = order.map((label, i) => ({label, colour: REASON_COLOURS[i]}));
  if (most.size > order.length) {
    series.push({label: 'other', colour: 'c6'});
    values.push(samples.map(s => Object.entries(s.goroutines.reasons)
      .reduce((sum, [reason, n]) => order.includes(reason) ? sum : sum + n, 0)));
  }
  return {series, values};
}
