// Which view is shown, and what all views share: the bar, the theme, the keys.

import {announce, el, put, say} from './dom.js';
import {known, pause, start} from './feed.js';
import * as format from './format.js';
import * as overview from './views/overview.js';
import * as leaks from './views/leaks.js';
import * as goroutines from './views/goroutines.js';
import * as flame from './views/flame.js';
import * as scheduler from './views/scheduler.js';
import * as growth from './views/growth.js';
import * as timeline from './views/timeline.js';

/*
 * A view has a title and mount(root, words): it fills the root, and returns functions for what it
 * wants to hear: sample(), findings(), hello(), theme(), search(), unmount(). Words are what comes
 * after its name in the address.
 */
const VIEWS = {overview, leaks, goroutines, flame, scheduler, growth, timeline};

const byId = id => document.getElementById(id);
const main = byId('main');
let shown = null;
let tidings = {};

// --------------- Views ---------------

function route(first) {
  const [name, ...words] = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  const view = VIEWS[name];
  if (view === undefined) {
    if (location.hash !== '#main') {
      location.replace('#/overview');
    }
    return;
  }
  tidings.unmount?.();
  shown = name;
  for (const link of byId('nav').querySelectorAll('a')) {
    link.dataset.view === name ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current');
  }
  document.title = `${view.title} · Selvage`;
  const root = el('div.view', {'data-view': name});
  put(main, root);
  main.setAttribute('aria-label', view.title); // who comes here by a key or a link hears where
  tidings = view.mount(root, words) ?? {};
  if (!first) {
    arrive();
  }
}

/** Gives the focus to the heading: main may have it already, and then nothing would be said. */
function arrive() {
  const heading = main.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  (heading ?? main).focus({preventScroll: true});
  scrollTo(0, 0);
}

function hear(what) {
  if (what === 'hello') {
    const hello = known.hello;
    say(byId('who'), `${hello.program} · pid ${hello.pid} · Java ${hello.java}`);
    byId('who').title = hello.vm;
  }
  if (what === 'findings') {
    news();
  }
  if (what === 'state') {
    status();
  } else {
    tidings[what]?.();
  }
}

function status() {
  const words = {
    connecting: 'connecting…',
    live: known.dropped === 0 ? 'live' : `live, ${format.plural(known.dropped, 'frame')} dropped`,
    lost: 'no connection: trying again',
    refused: 'too many pages are open: close one, or wait',
    paused: 'paused',
  };
  byId('status').dataset.state = known.state;
  say(byId('status'), words[known.state]);
}

/** Says what is newly proven or suspected. */
const heard = new Set();
let heardAny = false;

function news() {
  const open = known.findings.findings.filter(f => f.state === 'open');
  const fresh = open.filter(f => !heard.has(f.fingerprint));
  fresh.forEach(f => heard.add(f.fingerprint));
  const badge = byId('nav').querySelector('[data-view=leaks] .badge');
  const proven = open.filter(f => f.verdict !== 'suspected').length;
  const suspected = open.length - proven;
  badge.classList.toggle('some', proven > 0);
  if (open.length === 0) {
    put(badge);
  } else {
    put(badge, el('span', {'aria-hidden': 'true'}, String(open.length)),
      el('span.sr', {}, `, ${proven} proven, ${suspected} suspected`));
  }
  if (heardAny && fresh.length > 0) {
    announce(fresh.map(f => `${f.verdict}: ${f.kind}, ${f.count}`).join('; '));
  }
  heardAny = true;
}

// --------------- Theme ---------------

const THEMES = ['system', 'light', 'dark'];

function setTheme(theme) {
  if (theme === 'system') {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = theme;
  }
  say(byId('theme'), `Theme: ${theme}`);
  try {
    localStorage.setItem('selvage-theme', theme);
  } catch {
    // Not kept, where the browser keeps nothing.
  }
  tidings.theme?.();
}

function storedTheme() {
  try {
    const theme = localStorage.getItem('selvage-theme');
    return THEMES.includes(theme) ? theme : 'system';
  } catch {
    return 'system';
  }
}

function nextTheme() {
  setTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? 'system') + 1) % THEMES.length]);
  announce(byId('theme').textContent); // whichever key it was
}

// --------------- Keys ---------------

function togglePause() {
  pause(!known.paused);
  say(byId('pause'), known.paused ? 'Go on' : 'Pause');
}

function key(event) {
  const typing = event.target.matches?.('input, select, textarea') || byId('help').open;
  if (typing || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const name = Object.keys(VIEWS)[Number(event.key) - 1];
  if (name !== undefined) {
    if (location.hash === `#/${name}`) {
      arrive();
    }
    location.hash = `#/${name}`;
  } else if (event.key === '?') {
    byId('help').showModal();
  } else if (event.key === 'p') {
    togglePause();
  } else if (event.key === 't') {
    nextTheme();
  } else if (event.key === '/') {
    event.preventDefault();
    main.querySelector('input[type=search]')?.focus();
  }
}

// --------------- The beginning ---------------

Object.entries(VIEWS).forEach(([name, view], i) => byId('nav').append(
  el('li', {}, el('a', {href: `#/${name}`, 'data-view': name, 'aria-keyshortcuts': String(i + 1)},
    view.title, name === 'leaks' ? el('span.badge', {}) : null))));
byId('theme').addEventListener('click', nextTheme);
byId('pause').addEventListener('click', togglePause);
byId('help-open').addEventListener('click', () => byId('help').showModal());
byId('skip').addEventListener('click', event => {
  event.preventDefault();
  main.focus();
});
document.addEventListener('keydown', key);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) {
    tidings.sample?.();
  }
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => tidings.theme?.());
window.addEventListener('hashchange', () => route(false));
setTheme(storedTheme());
route(true);
start(hear);
