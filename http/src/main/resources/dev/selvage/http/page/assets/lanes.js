// Slices in lanes over time, on a canvas that is zoomed and panned with mouse or keyboard.

import {at, el} from './dom.js';
import {colour} from './chart.js';
import * as format from './format.js';

const ROW = 26;
const AXIS = 22;
const LABEL = 118;
const LEAST_SPAN = 2_000;

/**
 * lanes: [{label, slices: [{from, to, colour, text, …}]}], slices in the order of time.
 * bands: [{from, to}] across all lanes. told: is given the slice that is pointed at, or null; and what
 * else is to be said, where the keyboard leads to it; returns what it says.
 */
export class Lanes {
  constructor({lanes, bands, end, told, label}) {
    this.lanes = lanes;
    this.bands = bands;
    this.end = end;
    this.told = told;
    this.from = 0;
    this.to = end;
    this.at = {lane: 0, slice: -1};
    this.said = false;
    this.keyboard = false;
    this.canvas = el('canvas', {'aria-hidden': 'true'});
    // A list to choose from: so that a screen reader leaves the arrow keys to it. Orca does not do so for an application.
    this.element = el('div.canvas', {
      tabindex: '0', role: 'listbox', 'aria-label': label,
      onkeydown: event => this.key(event),
      onfocus: () => { this.keyboard = true; this.draw(); },
      onblur: () => { this.keyboard = false; this.draw(); },
    }, this.canvas);
    this.canvas.addEventListener('wheel', event => this.wheel(event), {passive: false});
    this.canvas.addEventListener('pointerdown', event => this.grab(event));
    this.canvas.addEventListener('pointermove', event => this.move(event));
    this.canvas.addEventListener('pointerup', () => { this.grabbed = null; });
    this.canvas.addEventListener('mouseleave', () => this.told(null));
    this.canvas.addEventListener('dblclick', event => this.zoom(0.25, this.time(event)));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
    this.here(this.told(null));
  }

  /** Has the keyboard's user hear a text about where they are. */
  here(text) {
    const {lane, slice} = this.at;
    at(this.element, 'option', text, slice < 0 ? {} : {'aria-posinset': slice + 1, 'aria-setsize': this.lanes[lane].slices.length});
  }

  sayWhatIsShown() {
    this.here(`${format.nanos(this.from)} to ${format.nanos(this.to)} shown`);
  }

  destroy() {
    this.observer.disconnect();
  }

  whole() {
    this.show(0, this.end);
  }

  show(from, to) {
    const span = Math.min(this.end, Math.max(LEAST_SPAN, to - from));
    this.from = Math.max(0, Math.min(from, this.end - span));
    this.to = this.from + span;
    this.draw();
  }

  zoom(factor, around) {
    const span = (this.to - this.from) * factor;
    const part = (around - this.from) / (this.to - this.from);
    this.show(around - span * part, around + span * (1 - part));
  }

  draw() {
    const width = this.element.clientWidth - 8;
    if (width <= LABEL) {
      return;
    }
    const ratio = window.devicePixelRatio || 1;
    const height = this.lanes.length * ROW + AXIS;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.height = `${height}px`;
    const to = this.canvas.getContext('2d');
    to.scale(ratio, ratio);
    to.textBaseline = 'middle';
    to.font = '11px system-ui, "DejaVu Sans", sans-serif';
    this.width = width;
    this.axis(to, width, height);
    const paints = new Map();
    const paint = name => {
      if (!paints.has(name)) {
        paints.set(name, colour(name));
      }
      return paints.get(name);
    };
    to.globalAlpha = 0.25;
    to.fillStyle = paint('c3');
    for (const band of this.bands) {
      const [x, w] = this.place(band);
      to.fillRect(x, AXIS, Math.max(1.5, w), height - AXIS);
    }
    to.globalAlpha = 1;
    this.lanes.forEach((lane, i) => this.lane(to, lane, i, paint));
    const chosen = this.lanes[this.at.lane]?.slices[this.at.slice];
    if (this.keyboard && chosen !== undefined) {
      const [x, w] = this.place(chosen);
      to.strokeStyle = paint('accent');
      to.lineWidth = 2;
      to.strokeRect(x, AXIS + this.at.lane * ROW + 2, Math.max(3, w), ROW - 4);
    }
  }

  axis(to, width, height) {
    const muted = colour('muted');
    const line = colour('line');
    const span = this.to - this.from;
    const raw = span / Math.max(2, Math.floor((width - LABEL) / 110));
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find(f => f * power >= raw);
    to.fillStyle = muted;
    for (let t = Math.ceil(this.from / step) * step; t <= this.to; t += step) {
      const x = this.x(t);
      to.fillStyle = line;
      to.fillRect(x, AXIS - 4, 1, height);
      to.fillStyle = muted;
      to.fillText(format.nanos(t), x + 3, 9);
    }
  }

  lane(to, lane, i, paint) {
    const y = AXIS + i * ROW;
    // What is narrower than a pixel is drawn together, as wide as all of it is.
    let end = -1;
    for (const slice of lane.slices) {
      if (slice.to < this.from || slice.from > this.to) {
        continue;
      }
      const [x, w] = this.place(slice);
      if (x + w <= end) {
        continue;
      }
      const left = Math.max(x, end);
      const wide = Math.max(0.6, x + w - left);
      end = left + wide;
      to.fillStyle = paint(slice.colour);
      to.fillRect(left, y + 3, wide, ROW - 6);
      if (wide > 46) {
        to.save();
        to.beginPath();
        to.rect(left, y, wide - 3, ROW);
        to.clip();
        to.fillStyle = paint('lane-ink');
        to.fillText(slice.text, left + 4, y + ROW / 2);
        to.restore();
      }
    }
    to.fillStyle = paint('panel');
    to.fillRect(0, y, LABEL - 4, ROW);
    to.fillStyle = paint('ink');
    to.save();
    to.beginPath();
    to.rect(0, y, LABEL - 8, ROW);
    to.clip();
    to.fillText(lane.label, 4, y + ROW / 2);
    to.restore();
  }

  x(time) {
    return LABEL + (this.width - LABEL) * (time - this.from) / (this.to - this.from);
  }

  place(slice) {
    const x = Math.max(LABEL, this.x(slice.from));
    return [x, Math.max(0, Math.min(this.width, this.x(slice.to)) - x)];
  }

  time(event) {
    const x = event.clientX - this.canvas.getBoundingClientRect().left;
    return this.from + (this.to - this.from) * (x - LABEL) / (this.width - LABEL);
  }

  wheel(event) {
    if (!event.ctrlKey && !event.shiftKey) {
      return; // the page scrolls
    }
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.3 : 0.77, this.time(event));
  }

  grab(event) {
    this.grabbed = {x: event.clientX, from: this.from, to: this.to};
    this.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    if (this.grabbed) {
      const moved = (event.clientX - this.grabbed.x) * (this.grabbed.to - this.grabbed.from) / (this.width - LABEL);
      this.show(this.grabbed.from - moved, this.grabbed.to - moved);
      return;
    }
    const bounds = this.canvas.getBoundingClientRect();
    const lane = this.lanes[Math.floor((event.clientY - bounds.top - AXIS) / ROW)];
    const near = (this.to - this.from) / this.width;
    const time = this.time(event);
    this.told(lane?.slices.find(s => s.from <= time + near && s.to >= time - near) ?? null);
  }

  key(event) {
    const span = this.to - this.from;
    const middle = this.from + span / 2;
    const lane = this.lanes[this.at.lane];
    switch (event.key) {
      case '+': case '=': this.zoom(0.5, this.chosenTime() ?? middle); this.sayWhatIsShown(); break;
      case '-': this.zoom(2, this.chosenTime() ?? middle); this.sayWhatIsShown(); break;
      case 'Escape': case 'Home': this.whole(); this.sayWhatIsShown(); break;
      case 'ArrowRight': this.choose(this.at.lane, Math.min(lane.slices.length - 1, this.at.slice + 1)); break;
      case 'ArrowLeft': this.choose(this.at.lane, Math.max(0, this.at.slice - 1)); break;
      case 'ArrowDown': this.choose(Math.min(this.lanes.length - 1, this.at.lane + 1), -1); break;
      case 'ArrowUp': this.choose(Math.max(0, this.at.lane - 1), -1); break;
      case 'Enter': {
        const slice = lane.slices[this.at.slice];
        if (slice !== undefined) {
          const room = Math.max(LEAST_SPAN, slice.to - slice.from);
          this.show(slice.from - room, slice.to + room);
          this.sayWhatIsShown();
        }
        break;
      }
      default: return;
    }
    event.preventDefault();
  }

  chosenTime() {
    const slice = this.lanes[this.at.lane]?.slices[this.at.slice];
    return slice === undefined ? null : (slice.from + slice.to) / 2;
  }

  choose(lane, slice) {
    const slices = this.lanes[lane].slices;
    const time = this.chosenTime() ?? this.from;
    const index = slice >= 0 ? slice : slices.findIndex(s => s.to >= time);
    const label = lane === this.at.lane && this.said ? '' : `${this.lanes[lane].label}: `; // a lane is named when it is come to
    this.at = {lane, slice: index};
    this.said = true;
    const chosen = slices[index];
    if (chosen === undefined) {
      this.here(this.told(null, `${label}nothing here`));
      this.draw();
    } else {
      if (chosen.from < this.from || chosen.to > this.to) {
        const span = this.to - this.from;
        this.show(chosen.from - span / 4, chosen.from + 3 * span / 4);
      } else {
        this.draw();
      }
      this.here(this.told(chosen, label));
    }
  }
}
