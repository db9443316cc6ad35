// What the schedulers do: a lane for each P, queues, steals, and how long goroutines wait to run.

import {announce, busy, el, isBusy, put, say} from '../dom.js';
import {get, known} from '../feed.js';
import {Chart, colour} from '../chart.js';
import {latencies} from '../latency.js';
import * as format from '../format.js';

export const title = 'Scheduler';

const LANE = 120;

export function mount(root) {
  const body = el('div');
  const latency = el('div', {}, el('p.note', {}, 'Measured on demand, by a short execution trace.'));
  const measure = el('button', {type: 'button', onclick: take}, 'Measure for 1 s');
  const queues = new Chart({title: 'Goroutines that wait to be run', series: [{label: 'global queue', colour: 'c3'}, {label: 'queues of the Ps', colour: 'c1'}], stacked: true});
  const work = new Chart({title: 'Per second', series: [{label: 'goroutines run', colour: 'c2'}, {label: 'stolen from other Ps', colour: 'c4'}]});
  const charts = [queues, work];
  root.append(el('h1', {}, title), body,
    el('div.charts', {}, charts.map(c => c.element),
      el('section.panel', {'aria-labelledby': 'latency'},
        el('div.head', {}, el('h2', {id: 'latency'}, 'From runnable to running'), measure), latency)));
  let rows = [];

  async function take() {
    if (isBusy(measure)) {
      return;
    }
    busy(measure, true, 'Measuring…');
    try {
      put(latency, latencies((await get('timeline', {seconds: 1})).latency));
      announce(latency.querySelector('p').textContent); // not each bar
    } catch (e) {
      put(latency, el('p.error', {role: 'alert'}, e.message));
    }
    busy(measure, false, 'Measure for 1 s');
  }

  function sample() {
    const samples = known.samples;
    const now = samples.at(-1);
    if (now === undefined) {
      return;
    }
    const {schedulers, jdk} = now.scheduler;
    const ours = schedulers.length > 0;
    queues.use(ours
      ? [{label: 'global queue', colour: 'c3'}, {label: 'queues of the Ps', colour: 'c1'}]
      : [{label: 'queued', colour: 'c3'}, {label: 'mounted', colour: 'c1'}]);
    work.element.hidden = !ours;
    const times = samples.map(s => s.t);
    if (ours) {
      queues.show(times, [
        samples.map(s => sum(s, x => x.queued)),
        samples.map(s => sum(s, x => x.processors.reduce((n, p) => n + p.queued, 0))),
      ]);
      work.show(times, [rate(samples, x => total(x, 'ticks')), rate(samples, x => total(x, 'stolen'))]);
    } else {
      queues.show(times, [samples.map(s => s.scheduler.jdk.queued), samples.map(s => s.scheduler.jdk.mounted)]);
    }
    tell(schedulers, jdk, samples);
  }

  function tell(schedulers, jdk, samples) {
    const key = schedulers.map(s => `${s.id}:${s.processors.map(p => p.id)}`).join(';');
    if (body.dataset.key !== key) {
      body.dataset.key = key;
      rows = [];
      put(body, schedulers.length === 0 ? theJdks() : schedulers.map(lanes));
    }
    rows.forEach(row => row(samples, jdk));
  }

  function facts(pairs) {
    return el('ul.tiles', {}, pairs.map(([label, value]) => el('li.tile', {}, el('span.label', {}, label), value)));
  }

  function theJdks() {
    const values = {parallelism: el('b'), threads: el('b'), mounted: el('b'), queued: el('b')};
    const why = el('p.notice');
    rows.push((samples, jdk) => {
      say(why, `Goroutines run on the JDK's scheduler here${jdk.goroutinesBecause === null ? ', as far as any were started' : `: ${jdk.goroutinesBecause}`}. `
        + 'It tells how much it has to do, and not more.');
      Object.entries(values).forEach(([name, b]) => say(b, jdk[name] === null ? '?' : format.count(jdk[name])));
    });
    return [why, facts([['Parallelism', values.parallelism], ['Threads', values.threads], ['Mounted', values.mounted], ['Queued', values.queued]])];
  }

  function lanes(scheduler) {
    const names = ['gomaxprocs', 'idle', 'spinning', 'threads', 'spare', 'queued'];
    const values = Object.fromEntries(names.map(n => [n, el('b')]));
    const offs = el('p.note');
    rows.push(samples => {
      const s = find(samples.at(-1), scheduler.id);
      if (s !== undefined) {
        names.forEach(n => say(values[n], format.count(s[n])));
        const h = s.handOffs;
        say(offs, `Ps taken away: ${format.count(h.computing)} while computing, ${format.count(h.blocked)} pinned, `
          + `${format.count(h.inNative)} in native code; ${format.count(h.refused)} times there was no M.`);
      }
    });
    return el('section', {'aria-label': `Scheduler ${scheduler.id}`},
      scheduler.id === 0 ? null : el('h2', {}, `Scheduler ${scheduler.id}`),
      facts([['GOMAXPROCS', values.gomaxprocs], ['Idle Ps', values.idle], ['Spinning Ms', values.spinning], ['Ms', values.threads],
        ['Spare Ms', values.spare], ['Global queue', values.queued]]),
      offs,
      el('div.scroll', {}, el('table.lanes', {}, el('caption.sr', {}, 'Ps'),
        el('thead', {}, el('tr', {}, ['P', 'Last two minutes', 'State', 'Queue', 'Run/s', 'Steals', 'Stolen', 'From global', 'Overflows', 'Wakes', 'In vain', 'Taken away']
          .map(h => el('th', {scope: 'col'}, h)))),
        el('tbody', {}, scheduler.processors.map(p => lane(scheduler.id, p.id))))));
  }

  function lane(schedulerId, id) {
    const canvas = el('canvas', {role: 'img'});
    const cells = Array.from({length: 10}, () => el('td.number'));
    rows.push(samples => {
      const list = samples.slice(-LANE);
      const of = s => find(s, schedulerId)?.processors.find(p => p.id === id);
      const p = of(list.at(-1));
      if (p === undefined) {
        return;
      }
      const rates = list.map((s, i) => {
        const [a, b] = [i === 0 ? undefined : of(list[i - 1]), of(s)];
        return a === undefined || b === undefined || b.ticks < a.ticks ? null : (b.ticks - a.ticks) * 1000 / Math.max(1, s.t - list[i - 1].t);
      });
      const now = rates.at(-1);
      [p.idle ? 'idle' : 'runs', format.count(p.queued), now === null ? '–' : format.count(now), format.count(p.steals), format.count(p.stolen),
        format.count(p.fromGlobal), format.count(p.overflows), format.count(p.wakes), format.count(p.wokenInVain), format.count(p.takenAway ?? 0)].forEach((text, i) => say(cells[i], text));
      canvas.setAttribute('aria-label', `P ${id}: ${now === null ? 'no rate yet' : `${format.count(now)} goroutines run a second`}, ${p.queued} queued`);
      strip(canvas, rates, list.map(s => of(s)?.queued ?? 0));
    });
    return el('tr', {}, el('th', {scope: 'row'}, `P ${id}`), el('td', {}, canvas), cells);
  }

  sample();
  return {
    sample,
    theme: () => { charts.forEach(c => c.redraw()); sample(); },
    unmount: () => charts.forEach(c => c.destroy()),
  };
}

/** Work as columns, and over them a line for the queue. */
function strip(canvas, rates, queue) {
  const width = canvas.clientWidth;
  const height = 22;
  const ratio = window.devicePixelRatio || 1;
  if (width === 0) {
    return;
  }
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const to = canvas.getContext('2d');
  to.scale(ratio, ratio);
  to.fillStyle = colour('line');
  to.fillRect(0, 0, width, height);
  const most = Math.max(1, ...rates.map(r => r ?? 0));
  const longest = Math.max(1, ...queue);
  const step = width / LANE;
  const x = i => width - (rates.length - i) * step;
  to.fillStyle = colour('c2');
  rates.forEach((r, i) => {
    const h = r === null ? 0 : Math.max(r > 0 ? 1.5 : 0, height * r / most);
    to.fillRect(x(i), height - h, Math.max(1, step - 0.5), h);
  });
  to.beginPath();
  queue.forEach((q, i) => {
    const y = height - 1.5 - (height - 3) * q / longest;
    i === 0 ? to.moveTo(x(i), y) : to.lineTo(x(i) + step / 2, y);
  });
  to.strokeStyle = colour('c3');
  to.lineWidth = 1.25;
  to.stroke();
}

const find = (sample, id) => sample.scheduler.schedulers.find(s => s.id === id);
const sum = (sample, of) => sample.scheduler.schedulers.reduce((n, s) => n + of(s), 0);
const total = (s, name) => s.processors.reduce((n, p) => n + p[name], 0) + s.retired[name];

function rate(samples, of) {
  return samples.map((s, i) => i === 0 ? null
    : Math.max(0, sum(s, of) - sum(samples[i - 1], of)) * 1000 / Math.max(1, s.t - samples[i - 1].t));
}
