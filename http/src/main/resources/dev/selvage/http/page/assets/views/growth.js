// What is watched because it may grow.

import {announce, debounce, el, put, renew, say} from '../dom.js';
import {get} from '../feed.js';
import {Chart, sparkline} from '../chart.js';
import * as format from '../format.js';

export const title = 'Growth';

const EVERY_MILLIS = 3000;

export function mount(root) {
  const error = el('p.error', {role: 'alert', hidden: true});
  const status = el('p.summary'); // not live: it changes every few seconds
  const search = el('input', {type: 'search', 'aria-label': 'Search', placeholder: 'search names…', oninput: debounce(asked, 250)});
  const only = el('input', {type: 'checkbox', onchange: asked});
  const rows = el('tbody');
  const place = el('div');
  const table = el('div.scroll', {}, el('table.growth', {}, el('caption.sr', {}, 'What is watched'),
    el('thead', {}, el('tr', {}, ['Now', 'Grew by', 'A second', 'What', 'Kind', 'Shape'].map(h => el('th', {scope: 'col'}, h)))), rows));
  let curves = [];
  let chosen = null;
  let chart = null;

  root.append(el('h1', {}, title),
    el('p.note', {}, 'Maps and collections behind static fields, queues and executors, thread-local variables, tickers, timers, contexts and scheduled tasks, as they are sampled while the program runs. '
      + 'What only grows is suspected in the next look.'),
    el('div.filters', {}, search, el('label.check', {}, only, 'only what only grows')),
    error, status, place, table);

  async function load() {
    if (document.hidden) {
      return;
    }
    try {
      const answer = await get('growth');
      curves = answer.curves;
      error.hidden = true;
      say(status, answer.watched === 0
        ? 'Nothing is watched here: the agent does, with a debug server or --leaks-after.'
        : `${format.plural(answer.watched, 'thing')} watched, ${format.count(curves.filter(c => c.onlyGrows).length)} of them only grow`
          + (answer.watched > curves.length ? `; the ${curves.length} that grew most are shown` : ''));
      show();
    } catch (e) {
      error.hidden = false;
      say(error, e.message);
    }
  }

  function show() {
    const words = search.value.trim().toLowerCase();
    const shown = curves.filter(c => (!only.checked || c.onlyGrows) && `${c.name} ${c.kind}`.toLowerCase().includes(words));
    table.hidden = curves.length === 0;
    renew(rows, shown.length === 0 ? el('tr', {}, el('td.empty', {colspan: 6}, 'Nothing fits.')) : shown.map(row));
    large();
    return shown.length;
  }

  function asked() {
    announce(`${format.count(show())} of ${format.count(curves.length)} shown`);
  }

  const keyOf = c => `${c.kind} ${c.name}`;

  function row(c) {
    const seconds = (c.points.at(-1)[0] - c.points[0][0]) / 1000;
    return el('tr', {'data-key': `row ${keyOf(c)}`, class: c.onlyGrows ? 'suspected' : null},
      el('td.number', {}, format.count(c.points.at(-1)[1])),
      el('td.number', {}, c.grewBy > 0 ? `+${format.count(c.grewBy)}` : format.count(c.grewBy)),
      el('td.number', {}, seconds <= 0 ? '–' : format.short(c.grewBy / seconds)),
      el('td.site', {}, el('button.expand', {type: 'button', 'data-key': keyOf(c), 'aria-expanded': String(chosen === keyOf(c)), onclick: () => {
        chosen = chosen === keyOf(c) ? null : keyOf(c);
        show();
      }}, c.name), c.onlyGrows ? el('span.tag.suspected', {}, 'only grows') : null),
      el('td', {}, c.kind),
      el('td', {}, sparkline(c.points, `from ${c.points[0][1]} to ${c.points.at(-1)[1]}`)));
  }

  function large() {
    const c = curves.find(x => keyOf(x) === chosen);
    if (c === undefined) {
      chart?.destroy();
      chart = null;
      put(place);
      return;
    }
    if (chart === null || chart.options.title !== c.name) {
      chart?.destroy();
      chart = new Chart({title: c.name, series: [{label: c.kind, colour: 'c1'}]});
      put(place, chart.element);
    }
    chart.show(c.points.map(p => p[0]), [c.points.map(p => p[1])]);
  }

  const timer = setInterval(load, EVERY_MILLIS);
  load();
  return {theme: () => { chart?.redraw(); show(); }, unmount: () => { clearInterval(timer); chart?.destroy(); }};
}
