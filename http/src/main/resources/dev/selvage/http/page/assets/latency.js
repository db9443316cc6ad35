// How long goroutines were runnable before they ran: a bar for each power of two.

import {el} from './dom.js';
import * as format from './format.js';

/** The histogram of a timeline, as a list that is also its own text. */
export function latencies({buckets, count, sum, longest}) {
  if (count === 0) {
    return el('p.note', {}, 'No goroutine became runnable and ran in that time.');
  }
  const first = buckets.findIndex(n => n > 0);
  const last = buckets.findLastIndex(n => n > 0);
  const most = Math.max(...buckets);
  const rows = buckets.slice(first, last + 1).map((n, i) => el('li', {},
    el('span.bar-label', {}, `< ${format.nanos(2 ** (first + i + 1))}`),
    el('meter', {min: '0', max: String(most), value: String(n), 'aria-hidden': 'true'}),
    el('span', {}, `${format.count(n)} · ${format.percent(n, count)}`)));
  return el('div', {},
    el('p', {}, `${format.plural(count, 'time')}: half below ${format.nanos(quantile(buckets, count, 0.5))}, 99% below `
      + `${format.nanos(quantile(buckets, count, 0.99))}, longest ${format.nanos(longest)}, ${format.nanos(sum / count)} on average.`),
    el('ul.bars', {'aria-label': 'From runnable to running'}, rows));
}

/** Below which bound that part of all is. */
function quantile(buckets, count, part) {
  let seen = 0;
  for (let i = 0; i < buckets.length; i++) {
    seen += buckets[i];
    if (seen >= part * count) {
      return 2 ** (i + 1);
    }
  }
  return 2 ** buckets.length;
}
