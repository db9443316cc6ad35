// Lines and areas over time, with what they show as text.

import uPlot from './lib/uPlot.esm.js';
import {el, put, say} from './dom.js';
import * as format from './format.js';

/** A colour of the style sheet, which differs between dark and light. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * A chart.
 *
 * series: [{label, colour, dash}], from the bottom up where they are stacked.
 * unit: a function from a number to text.
 */
export class Chart {
  constructor({title, series, stacked = false, unit = format.short, height = 190, hint = ''}) {
    this.options = {title, stacked, unit, height};
    this.series = series;
    this.plot = el('div.plot', {role: 'img'});
    this.rows = el('tbody');
    this.legend = el('ul.legend', {'aria-hidden': 'true'});
    this.table = el('table', {},
      el('caption', {}, title),
      el('thead', {}, el('tr', {}, ['what', 'now', 'least', 'most'].map(h => el('th', {scope: 'col'}, h)))),
      this.rows);
    this.element = el('figure.panel.chart', {'aria-label': title},
      el('figcaption', {}, el('h2', {}, title), hint === '' ? null : el('p.note', {}, hint)),
      this.legend,
      this.plot,
      el('details.numbers', {}, el('summary', {}, 'As numbers', el('span.sr', {}, title)), this.table));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.plot);
    this.data = null;
    this.chart = null;
  }

  /** times in milliseconds; values: a list for each series, null where nothing is known. */
  show(times, values) {
    this.data = {times, values};
    this.numbers();
    const data = this.arranged();
    if (this.chart === null) {
      this.draw();
    } else {
      this.chart.setData(data);
    }
  }

  /** Other series than before. */
  use(series) {
    if (series.map(s => s.label).join('\n') !== this.series.map(s => s.label).join('\n')) {
      this.series = series;
      this.redraw();
    }
  }

  /** After the theme has changed. */
  redraw() {
    this.chart?.destroy();
    this.chart = null;
    if (this.data !== null && this.data.values.length === this.series.length) {
      this.draw();
    }
  }

  destroy() {
    this.observer.disconnect();
    this.chart?.destroy();
    this.chart = null;
  }

  resize() {
    const width = this.plot.clientWidth;
    if (this.chart !== null && width > 0 && Math.abs(this.chart.width - width) > 1) {
      this.chart.setSize({width, height: this.options.height});
    }
  }

  /** uPlot draws the first series first: so the sum of all comes first, and the lowest last. */
  arranged() {
    const {times, values} = this.data;
    if (!this.options.stacked) {
      return gapped(times, values);
    }
    const sums = [];
    let below = times.map(() => 0);
    for (const list of values) {
      below = list.map((v, i) => below[i] + (v ?? 0));
      sums.unshift(below);
    }
    return gapped(times, sums);
  }

  draw() {
    const width = this.plot.clientWidth;
    if (width === 0) {
      return;
    }
    const {stacked, unit, height} = this.options;
    const line = colour('line');
    const ink = colour('muted');
    const series = this.series.map(s => ({
      label: s.label,
      stroke: colour(s.colour),
      width: stacked ? 1 : 1.75,
      dash: s.dash,
      fill: stacked ? colour(s.colour) : undefined,
      points: {show: false},
    }));
    const axis = {stroke: ink, grid: {stroke: line, width: 1}, ticks: {show: false}, font: '11px system-ui, sans-serif'};
    put(this.plot);
    this.chart = new uPlot({
      width,
      height,
      legend: {show: false},
      cursor: {y: false, drag: {x: false, y: false}, ...(stacked ? {points: {show: false}} : {})},
      scales: {y: {range: (u, low, high) => [0, high === null || high <= 0 ? 1 : high * 1.08]}},
      series: [{}, ...(stacked ? series.reverse() : series)],
      axes: [
        {...axis, space: 70, size: 30, values: (u, ticks) => ticks.map(t => format.clock(t * 1000))},
        {...axis, size: 56, values: (u, ticks) => ticks.map(unit)},
      ],
      hooks: {setCursor: [u => this.hover(u.cursor.idx)]},
    }, this.arranged(), this.plot);
    this.drawLegend(null);
  }

  hover(index) {
    this.drawLegend(index);
  }

  /** index: into what is drawn, gaps and all. */
  drawLegend(index) {
    const {times, values} = this.data;
    const pointed = index === null ? -1 : times.indexOf(Math.round(this.chart.data[0][index] * 1000));
    const at = pointed < 0 ? times.length - 1 : pointed;
    const order = this.options.stacked ? [...this.series.keys()].reverse() : [...this.series.keys()];
    put(this.legend, order.map(i => {
      const swatch = el('span.swatch', {});
      swatch.style.background = colour(this.series[i].colour);
      const value = values[i][at];
      return el('li', {}, swatch, this.series[i].label, ' ',
        el('b', {}, value === null || value === undefined ? '–' : this.options.unit(value)));
    }));
  }

  /** The same as text. */
  numbers() {
    const {values} = this.data;
    const text = value => value === null || value === undefined || !Number.isFinite(value) ? '–' : this.options.unit(value);
    const last = values.map(list => list.at(-1));
    // In place: who reads a row stays in it while its numbers change.
    const labels = this.series.map(s => s.label);
    if (labels.join('\n') !== [...this.rows.rows].map(r => r.cells[0].textContent).join('\n')) {
      put(this.rows, labels.map(l => el('tr', {}, el('th', {scope: 'row'}, l), el('td'), el('td'), el('td'))));
    }
    [...this.rows.rows].forEach((row, i) => {
      const numbers = values[i].filter(v => v !== null && v !== undefined);
      [last[i], Math.min(...numbers), Math.max(...numbers)].forEach((n, k) => say(row.cells[k + 1], text(n)));
    });
    this.plot.setAttribute('aria-label',
      `${this.options.title}: ${this.series.map((s, i) => `${s.label} ${text(last[i])}`).join(', ')}`);
    if (this.chart !== null) {
      this.drawLegend(this.chart.cursor.idx ?? null);
    }
  }
}

const LEAST_GAP_MILLIS = 10_000;

/** Where nobody looked for a while, there is nothing, and no line across it. */
function gapped(times, lists) {
  const steps = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
  const gap = Math.max(LEAST_GAP_MILLIS, 4 * (steps[steps.length >> 1] ?? 0));
  const out = [[], ...lists.map(() => [])];
  times.forEach((t, i) => {
    if (i > 0 && t - times[i - 1] > gap) {
      out[0].push((times[i - 1] + 1) / 1000);
      lists.forEach((_, k) => out[k + 1].push(null));
    }
    out[0].push(t / 1000);
    lists.forEach((list, k) => out[k + 1].push(list[i]));
  });
  return out;
}

/** A small line without axes; what it shows is in its label. */
export function sparkline(points, label, {width = 120, height = 28} = {}) {
  const canvas = el('canvas.spark', {role: 'img', 'aria-label': label});
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const to = canvas.getContext('2d');
  to.scale(ratio, ratio);
  if (points.length === 0) {
    return canvas;
  }
  const [first, last] = [points[0][0], points.at(-1)[0]];
  const most = Math.max(1, ...points.map(p => p[1]));
  const x = t => last === first ? width - 2 : 1 + (width - 4) * (t - first) / (last - first);
  const y = v => height - 2 - (height - 5) * v / most;
  to.beginPath();
  points.forEach(([t, v], i) => i === 0 ? to.moveTo(x(t), y(v)) : to.lineTo(x(t), y(v)));
  to.strokeStyle = colour('accent');
  to.lineWidth = 1.5;
  to.stroke();
  to.lineTo(x(last), height);
  to.lineTo(x(first), height);
  to.globalAlpha = 0.14;
  to.fillStyle = colour('accent');
  to.fill();
  to.globalAlpha = 1;
  to.beginPath();
  to.arc(x(last), y(points.at(-1)[1]), 2, 0, 7);
  to.fillStyle = colour('accent');
  to.fill();
  return canvas;
}
