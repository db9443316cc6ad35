// What was found to leak, and a page for each of it.

import {announce, brief, busy, el, put, renew, say, stack} from '../dom.js';
import {get, known} from '../feed.js';
import {Chart, sparkline} from '../chart.js';
import * as format from '../format.js';

export const title = 'Leaks';

const LOOK_AGAIN_MILLIS = 5000;

// Stays when the view is left: who wants to keep looking looks on.
let looking = false;
let keepLooking = 0;
const hearers = new Set();

async function look() {
  if (looking) {
    return;
  }
  looking = true;
  let error = null;
  let report = null;
  hearers.forEach(h => h(null, null));
  try {
    report = await get('leaks');
  } catch (e) {
    error = e;
  }
  looking = false;
  hearers.forEach(h => h(error, report));
}

export function mount(root, words) {
  return words.length > 0 && words[0] !== '' ? one(root, words[0]) : all(root);
}

// --------------- All findings ---------------

function all(root) {
  const button = el('button.primary', {type: 'button', onclick: () => {
    asked = true;
    look();
  }}, 'Look now');
  let asked = false; // by this button: then what comes of it is said
  let awaited = null; // when that look was taken
  const keep = el('input', {type: 'checkbox', checked: keepLooking !== 0, onchange: () => {
    clearInterval(keepLooking);
    keepLooking = keep.checked ? setInterval(look, LOOK_AGAIN_MILLIS) : 0;
    if (keep.checked) {
      look();
    }
  }});
  const error = el('p.error', {role: 'alert', hidden: true});
  const summary = el('p.summary'); // not live: others look, too
  const notes = el('ul.notes');
  const lists = el('div');
  root.append(
    el('div.head', {}, el('h1', {}, title),
      el('div.actions', {}, el('label.check', {}, keep, 'Keep looking'), button)),
    el('p.note', {}, 'A look asks the collector, twice as a rule, which goroutines nothing can wake any more.'
      + ' All who ask within three seconds share one.'),
    error, summary, lists, notes);

  const hear = (failure, report) => {
    busy(button, looking, looking ? 'Looking…' : 'Look now');
    if (asked && !looking) {
      asked = false;
      awaited = report === null ? null : Date.parse(report.capturedAt);
      findings();
    }
    error.hidden = failure === null;
    say(error, failure === null ? '' : failure.message);
  };
  hearers.add(hear);

  function findings() {
    const report = known.findings;
    if (report === null) {
      return;
    }
    if (report.capturedAt === null) {
      say(summary, 'Nobody has looked for leaks yet.');
      put(lists, el('p.empty', {}, 'Press “Look now” to have the collector asked.'));
      return;
    }
    const proof = report.proof;
    say(summary, `Looked at ${format.clock(report.capturedAt)}`
      + (proof.mode === 'none' ? ', without a proof'
        : proof.mode === 'always-on' ? `: ${proof.rounds === 1 ? 'one cycle' : `${proof.rounds} cycles`} of the program's own,`
          + ` canary ${proof.canary ? 'found' : 'not found'}`
        : `: ${proof.rounds === 1 ? 'one round' : `${proof.rounds} rounds`}, pause ${format.nanos(proof.pauseMillis * 1e6)},`
          + ` ${format.nanos(proof.totalMillis * 1e6)} in all; canary ${proof.canary ? 'found' : 'not found'}`
          + `; ${proof.complete ? 'complete' : 'not complete'}`
          + (proof.refuted > 0 ? `; ${proof.refuted} refuted` : '')));
    const proven = report.findings.filter(f => f.verdict !== 'suspected');
    const suspected = report.findings.filter(f => f.verdict === 'suspected');
    const threads = proven.filter(f => f.state === 'open').reduce((sum, f) => sum + f.count, 0);
    if (awaited !== null && report.capturedAt >= awaited) {
      awaited = null;
      announce(`${summary.textContent}. ${format.plural(proven.length, 'finding')} proven, ${format.count(suspected.length)} suspected`);
    }
    renew(lists,
      section('Proven', 'proven', proven,
        `${format.plural(threads, 'goroutine')} in ${format.plural(proven.length, 'finding')}. Nothing that can still run can wake them.`,
        'Nothing is proven to leak.'),
      section('Suspected', 'suspected', suspected,
        `${format.plural(suspected.length, 'suspicion')}: something only grows, blocks and grows, or waits in a circle that somebody else could end. It may be wrong.`,
        'Nothing is suspected. Growth shows while it is watched, for some seconds at least.'));
    const unprovable = Object.entries(report.unprovable);
    renew(notes,
      proof.why === null ? null : el('li', {}, proof.why),
      unprovable.length === 0 ? null
        : el('li', {}, `Cannot be judged by the collector: ${unprovable.map(([why, n]) => `${why} ${format.count(n)}`).join(', ')}`),
      report.more > 0 ? el('li', {}, `${report.more} more findings are not shown`) : null,
      report.notes.map(n => el('li', {}, n)));
  }

  function section(name, verdict, list, sentence, none) {
    const id = `section-${verdict}`;
    return el('section', {'aria-labelledby': id},
      el(`h2.${verdict}`, {id}, name, ' ', el('span.count', {}, String(list.length))),
      el('p.note', {}, list.length === 0 ? none : sentence),
      list.length === 0 ? null : el('div.scroll', {}, el('table.findings', {'aria-labelledby': id},
        el('thead', {}, el('tr', {}, ['Count', 'What', 'Where', 'Known for', 'Over the looks'].map(h => el('th', {scope: 'col'}, h)))),
        el('tbody', {}, list.map(row)))));
  }

  function row(f) {
    return el(`tr.${f.verdict}`, {'data-key': `row ${f.fingerprint} ${f.state}`, 'data-fingerprint': f.fingerprint},
      el('td.number', {}, format.count(f.count)),
      el('td', {}, el('a', {href: `#/leaks/${f.fingerprint}`, 'data-key': f.fingerprint + f.state}, f.kind),
        f.verdict === 'deadlocked' ? el('span.tag.deadlocked', {}, 'deadlocked') : null,
        f.state === 'open' ? null : el(`span.tag.${f.state}`, {}, f.state)),
      el('td.site', {title: f.site ?? ''}, f.site === null ? '–' : brief(f.site)),
      el('td.number', {}, format.seconds(f.seenSeconds)),
      el('td', {}, f.counts.length < 2 ? '–' : sparkline(f.counts, `from ${f.counts[0][1]} to ${f.count} in ${format.plural(f.counts.length, 'look')}`)));
  }

  hear(null, null);
  findings();
  return {findings, theme: findings, unmount: () => hearers.delete(hear)};
}

// --------------- One finding ---------------

const EVIDENCE_WORDS = {sizes: 'sizes over time'};

function one(root, fingerprint) {
  const [page, place, rest] = [el('div'), el('div'), el('div')];
  root.append(el('p.crumbs', {}, el('a', {href: '#/leaks'}, '← All leaks')), page, place, rest);
  let chart = null;
  let shown = '';

  function findings() {
    const report = known.findings;
    if (report === null) {
      return;
    }
    const f = report.findings.find(x => x.fingerprint === fingerprint && x.state === 'open')
      ?? report.findings.find(x => x.fingerprint === fingerprint);
    if (f === undefined) {
      shown = '';
      chart?.destroy();
      chart = null;
      put(place);
      put(rest);
      renew(page, el('h1', {}, 'Not in the newest report'),
        el('p.note', {}, 'No finding has this fingerprint any more: ', el('code', {}, fingerprint)));
      return;
    }
    const text = JSON.stringify(f);
    if (text === shown) {
      return;
    }
    shown = text;
    const called = `${f.verdict}: ${f.kind}`;
    document.title = `${called} · Selvage`;
    root.parentElement.setAttribute('aria-label', called); // who comes here hears which one
    curve(f);
    const grows = f.verdict === 'suspected' && f.kind.endsWith(' growth');
    renew(page,
      el('div.head', {}, el('h1', {}, el(`span.tag.${f.verdict}`, {}, f.verdict), ' ', f.kind, ' ', el('span.count', {}, `× ${format.count(f.count)}`),
        f.state === 'open' ? null : el(`span.tag.${f.state}`, {}, f.state))),
      el('div.answers', {},
        el('section.answer.because', {'aria-labelledby': 'because'}, el('h2', {id: 'because'}, 'Because'), el('p', {}, f.because)),
        el('section.answer.try', {'aria-labelledby': 'try'}, el('h2', {id: 'try'}, 'Try'), el('p', {}, f.try))),
      el('dl.facts', {},
        fact(grows ? 'Grows at' : 'Blocked at', f.site),
        fact('Work began at', f.entry),
        fact('Waits on', f.evidence.waitsOn?.join('; ')),
        fact('Known for', f.seenSeconds === null ? null : format.seconds(f.seenSeconds)),
        fact('Could still end by', f.except),
        fact('Keeps in memory', f.retainedBytes === null ? null : format.bytes(f.retainedBytes)),
        fact('Names', f.names.length === 0 ? null : f.names.join(', ')),
        fact('In the guide', f.page),
        fact('Fingerprint', f.fingerprint)));
    renew(rest,
      f.stack.length === 0 ? null
        : el('section', {'aria-labelledby': 'stack'}, el('h2', {id: 'stack'}, 'Stack'), stack(f.stack)),
      Object.keys(f.evidence).length === 0 ? null
        : el('section', {'aria-labelledby': 'evidence'}, el('h2', {id: 'evidence'}, 'Evidence'),
          el('div.scroll', {}, el('table.evidence', {'aria-labelledby': 'evidence'}, el('tbody', {},
            Object.entries(f.evidence).map(([name, value]) => el('tr', {},
              el('th', {scope: 'row'}, EVIDENCE_WORDS[name] ?? words(name)),
              el('td', {}, name === 'cycle' && Array.isArray(value) ? el('pre.cycle', {}, circle(value))
                : Array.isArray(value) ? el('ul', {}, value.map(v => el('li', {}, String(v)))) : String(value)))))))),
      f.verdict === 'suspected' ? null
        : el('p', {}, el('a', {href: '#/goroutines/proven'}, 'All goroutines that are proven to be leaked')));
    draw();
  }

  function curve(f) {
    const sizes = f.evidence.sizes;
    if (Array.isArray(sizes) && sizes.length > 1) {
      const points = sizes.map(s => /^([\d.]+)s (\d+)$/.exec(s)).filter(m => m !== null).map(m => [Number(m[1]), Number(m[2])]);
      const end = known.findings.capturedAt - 1000 * points.at(-1)[0];
      use('Size over the time that it was watched', {label: 'size', colour: f.verdict}, points.map(([s, n]) => [end + 1000 * s, n]));
    } else if (f.counts.length > 1) {
      use('How many, look by look', {label: f.kind, colour: f.verdict}, f.counts);
    } else {
      chart?.destroy();
      chart = null;
      put(place);
    }
  }

  /** The chart that is there goes on, where it is of the same. */
  function use(title, series, points) {
    const as = chart?.series[0];
    if (chart?.options.title !== title || as.label !== series.label || as.colour !== series.colour) {
      chart?.destroy();
      chart = new Chart({title, series: [series]});
      put(place, chart.element);
    }
    chart.points = points;
  }

  function draw() {
    chart?.show(chart.points.map(p => p[0]), [chart.points.map(p => p[1])]);
  }

  findings();
  return {findings, theme: () => chart?.redraw(), unmount: () => chart?.destroy()};
}

function fact(name, value) {
  return value === null || value === undefined ? null : el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

/** Threads that wait for each other, a line each, with an edge at the left that leads from the last to the first. */
function circle(lines) {
  return lines.map((line, i) => (i === 0 ? '┌→ ' : i < lines.length - 1 ? '│  ' : '└─ ') + line).join('\n');
}

/** keyClass as "key class". */
function words(name) {
  return name.replace(/[A-Z]/g, c => ` ${c.toLowerCase()}`);
}
