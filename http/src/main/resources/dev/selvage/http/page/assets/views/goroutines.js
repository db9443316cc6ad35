// All goroutines, as a table that the server groups, searches, sorts and pages.

import {announce, brief, busy, debounce, el, isBusy, put, renew, say, stack} from '../dom.js';
import {get, known} from '../feed.js';
import * as format from '../format.js';

export const title = 'Goroutines';

const SIZE = 50;
const FRESH_MILLIS = 3000;
const COLUMNS = {
  stack: [['count', 'Count'], ['reason', 'Waits for'], ['site', 'Where'], ['wait', 'Longest wait']],
  one: [['id', 'Goroutine'], ['name', 'Name'], [null, 'Waits for'], [null, 'Where'], ['wait', 'For']],
};

export function mount(root, words) {
  const query = {by: 'stack', q: '', reason: '', proven: words[0] === 'proven', group: '', sort: 'count', order: 'desc', page: 0, size: SIZE};
  let opened = new Set();
  let asking = null;
  let owed = false;
  let fresh = 0;
  let dump = false;

  const search = el('input', {type: 'search', 'aria-label': 'Search', placeholder: 'name, id, label, frame, wait…', maxlength: 200,
    oninput: debounce(() => search.value === query.q || change({q: search.value}), 250),
    onchange: () => search.value === query.q || change({q: search.value})});
  const reason = el('select', {'aria-label': 'Waits for', onchange: () => change({reason: reason.value})}, el('option', {value: ''}, 'any wait'));
  const proven = el('input', {type: 'checkbox', checked: query.proven, onchange: () => change({proven: proven.checked})});
  const by = el('select', {'aria-label': 'Rows', onchange: () => {
    const sort = by.value === 'stack' ? 'count' : 'wait';
    change({by: by.value, sort, order: 'desc', group: ''});
  }}, el('option', {value: 'stack'}, 'grouped by stack'), el('option', {value: 'one'}, 'one by one'));
  const keep = el('input', {type: 'checkbox', onchange: () => {
    clearInterval(fresh);
    fresh = keep.checked ? setInterval(() => load(false), FRESH_MILLIS) : 0;
  }});
  const status = el('p.summary'); // not live: it changes by itself where the table is kept fresh
  const error = el('p.error', {role: 'alert', hidden: true});
  const ask = el('p', {hidden: true}, el('button', {type: 'button', onclick: () => { dump = true; load(true); }}, 'Take a thread dump all the same'));
  const head = el('tr');
  const body = el('tbody');
  const caption = el('caption.sr', {}, 'Goroutines');
  const table = el('table.goroutines', {}, caption, el('thead', {}, head), body);
  const back = el('button', {type: 'button', onclick: () => isBusy(back) || change({page: query.page - 1}, true)}, 'Previous');
  const on = el('button', {type: 'button', onclick: () => isBusy(on) || change({page: query.page + 1}, true)}, 'Next');
  const where = el('span.note');
  const pages = el('nav.pages', {'aria-label': 'Pages of the table', hidden: true}, back, where, on);
  const group = el('p.notice', {hidden: true}, 'Only one stack. ',
    el('button.quiet', {type: 'button', onclick: () => { by.value = 'stack'; change({group: '', by: 'stack', sort: 'count', order: 'desc'}); }}, 'Back to all'));

  root.append(
    el('h1', {}, title),
    el('form.filters', {role: 'search', onsubmit: event => { event.preventDefault(); change({q: search.value}, search.value === query.q); }},
      search, reason, by,
      el('label.check', {}, proven, 'proven leaked'),
      el('label.check', {}, keep, 'keep fresh'),
      el('button', {type: 'submit'}, 'Refresh')),
    group, error, ask, status,
    el('div.scroll', {}, table),
    pages);

  function change(what, samePage = false) {
    Object.assign(query, samePage ? {} : {page: 0}, what);
    opened = new Set();
    load(true);
  }

  /** asked: whether a person did, who is to hear what comes of it, also if it is asked anew meanwhile. */
  async function load(asked) {
    owed ||= asked;
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    table.setAttribute('aria-busy', 'true');
    try {
      const answer = await get('goroutines', {...query, dump}, mine.signal);
      error.hidden = true;
      ask.hidden = true;
      show(answer);
      if (owed) {
        announce(heard());
      }
      owed = false;
    } catch (e) {
      if (e.name !== 'AbortError') {
        owed = false;
        error.hidden = false;
        say(error, e.message);
        ask.hidden = e.status !== 409;
      }
    } finally {
      if (asking === mine) {
        table.removeAttribute('aria-busy');
      }
    }
  }

  function show(answer) {
    const grouped = query.by === 'stack';
    const rows = grouped ? answer.groups : answer.members;
    group.hidden = query.group === '';
    say(status, `${format.plural(answer.goroutines, 'goroutine')}`
      + (answer.matching === answer.goroutines ? '' : `, ${format.count(answer.matching)} of them here`)
      + (grouped ? `, ${format.plural(answer.rows, 'stack')}` : '')
      + (answer.notGrouped > 0 ? `; ${format.count(answer.notGrouped)} more are of too many kinds to be grouped` : ''));
    mores.clear();
    renew(head, COLUMNS[query.by].map(([key, name]) => column(key, name)));
    renew(body, rows.length === 0
      ? el('tr', {}, el('td.empty', {colspan: COLUMNS[query.by].length}, 'No goroutine fits.'))
      : rows.flatMap(grouped ? groupRow : memberRow));
    const last = Math.max(0, Math.ceil(Math.min(answer.rows, answer.mostRows ?? Infinity) / SIZE) - 1);
    // Not disabled: who has come to the last page by it would lose the focus.
    busy(back, query.page === 0, 'Previous');
    busy(on, query.page >= last, 'Next');
    pages.hidden = false;
    say(where, `page ${query.page + 1} of ${format.count(last + 1)}`);
  }

  /** What is said of what is shown now. */
  function heard() {
    const [, sorted] = COLUMNS[query.by].find(([key]) => key === query.sort) ?? [];
    return [status.textContent, isBusy(back) && isBusy(on) ? '' : where.textContent,
      sorted === undefined ? '' : `sorted by ${sorted}, ${query.order === 'asc' ? 'ascending' : 'descending'}`].filter(t => t !== '').join(', ');
  }

  function column(key, name) {
    if (key === null) {
      return el('th', {scope: 'col'}, name);
    }
    const sorted = query.sort === key;
    return el('th', {scope: 'col', 'aria-sort': sorted ? (query.order === 'asc' ? 'ascending' : 'descending') : null},
      el('button.sort', {type: 'button', 'data-key': `sort ${key}`, onclick: () => {
        const other = query.order === 'desc' ? 'asc' : 'desc';
        change({sort: key, order: query.sort === key ? other : key === 'site' || key === 'reason' || key === 'name' ? 'asc' : 'desc'});
      }},
      name, el('span.arrow', {'aria-hidden': 'true'}, sorted ? (query.order === 'asc' ? '↑' : '↓') : '')));
  }

  const mores = new Map(); // what a row opens to, as it was heard of last

  function expander(key, text, more) {
    const is = opened.has(key);
    mores.set(key, more);
    return el('button.expand', {type: 'button', 'aria-expanded': String(is), 'data-key': key, onclick: event => {
      const row = event.currentTarget.closest('tr');
      const open = !opened.has(key);
      open ? opened.add(key) : opened.delete(key);
      event.currentTarget.setAttribute('aria-expanded', String(open));
      if (open) {
        row.after(mores.get(key)());
      } else {
        row.nextElementSibling.remove();
      }
    }}, text);
  }

  function groupRow(g) {
    const more = () => el('tr.more', {'data-key': `more ${g.id}`}, el('td', {colspan: 4}, stack(g.stack), examples(g)));
    return [
      el('tr', {'data-key': `row ${g.id}`, class: g.proven > 0 ? 'proven' : null},
        el('td.number', {}, format.count(g.count)),
        el('td', {}, expander(g.id, g.reason, more), g.proven > 0 ? el('span.tag.proven', {}, g.proven === g.count ? 'proven leaked' : `${format.count(g.proven)} proven`) : null),
        el('td.site', {title: g.site ?? ''}, g.site === null ? '–' : brief(g.site)),
        el('td.number', {}, g.longest === null ? '–' : format.seconds(g.longest))),
      opened.has(g.id) ? more() : null,
    ].filter(r => r !== null);
  }

  function examples(g) {
    return el('div.examples', {},
      el('p', {}, 'For example ', g.examples.map((x, i) => [i === 0 ? '' : ', ', el('span', {}, describe(x))]).flat()),
      g.count > 1 ? el('button.quiet', {type: 'button', onclick: () => {
        by.value = 'one';
        change({by: 'one', group: g.id, sort: 'wait', order: 'desc'});
      }}, `All ${format.count(g.count)}, one by one`) : null);
  }

  function describe(x) {
    const labels = Object.entries(x.labels).map(([k, v]) => `${k}=${v}`);
    return [`#${x.id}`, x.name, x.on.join(' '), ...labels].filter(t => t !== '').join(' ');
  }

  function memberRow(m) {
    const key = String(m.id);
    const labels = Object.entries(m.labels).map(([k, v]) => `${k}=${v}`);
    const more = () => el('tr.more', {'data-key': `more ${key}`}, el('td', {colspan: 5}, stack(m.stack),
      el('p.note', {}, [m.container === '' ? '' : `listed in ${m.container}`, labels.join(', ')].filter(t => t !== '').join(' · '))));
    return [
      el('tr', {'data-key': `row ${key}`, class: m.proven ? 'proven' : null},
        el('td.number', {}, expander(key, `#${m.id}`, more)),
        el('td', {}, m.name === '' ? '–' : m.name),
        el('td', {}, [m.reason, ...m.on].join(' '), m.proven ? el('span.tag.proven', {}, 'proven leaked') : null),
        el('td.site', {title: m.site ?? ''}, m.site === null ? '–' : brief(m.site)),
        el('td.number', {}, m.wait === null ? '–' : format.seconds(m.wait))),
      opened.has(key) ? more() : null,
    ].filter(r => r !== null);
  }

  /** The wait reasons that there are, without losing the one that is chosen. */
  function sample() {
    const now = known.samples.at(-1);
    if (now === undefined || document.activeElement === reason) {
      return;
    }
    const names = Object.keys(now.goroutines.reasons).sort();
    if (query.reason !== '' && !names.includes(query.reason)) {
      names.push(query.reason);
    }
    if (names.join('\n') !== [...reason.options].slice(1).map(o => o.value).join('\n')) {
      put(reason, el('option', {value: ''}, 'any wait'), names.map(n => el('option', {value: n}, n)));
      reason.value = query.reason;
    }
  }

  sample();
  load(true);
  return {sample, unmount: () => { asking?.abort(); clearInterval(fresh); }};
}
