// Numbers and times as people read them.

const whole = new Intl.NumberFormat('en');

export function count(n) {
  return n === null || n === undefined ? '?' : whole.format(Math.round(n));
}

/** 12.3k, 4.5M: for axes and tight places. */
export function short(n) {
  const abs = Math.abs(n);
  if (abs < 1000) {
    return String(Math.round(n * 100) / 100);
  }
  const [by, unit] = abs < 1e6 ? [1e3, 'k'] : abs < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  return `${trim(n / by)}${unit}`;
}

function trim(n) {
  return Math.abs(n) >= 100 ? Math.round(n).toString() : String(Math.round(n * 10) / 10);
}

export function bytes(n) {
  if (n === null || n === undefined) {
    return '?';
  }
  const abs = Math.abs(n);
  if (abs < 1024) {
    return `${Math.round(n)} B`;
  }
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = n / 1024;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${trim(value)} ${units[unit]}`;
}

export function nanos(n) {
  const abs = Math.abs(n);
  if (abs < 1e3) {
    return `${Math.round(n)} ns`;
  }
  if (abs < 1e6) {
    return `${trim(n / 1e3)} µs`;
  }
  if (abs < 1e9) {
    return `${trim(n / 1e6)} ms`;
  }
  return seconds(n / 1e9);
}

export function seconds(s) {
  if (s === null || s === undefined) {
    return '?';
  }
  if (s < 100) {
    return `${trim(s)} s`;
  }
  if (s < 6000) {
    return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
  }
  return s < 172800 ? `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min` : `${Math.floor(s / 86400)} days`;
}

export function percent(part, all) {
  return all === 0 ? '0%' : `${(100 * part / all).toFixed(part * 10 < all ? 2 : 1)}%`;
}

/** By the unit of a profile's numbers. */
export function amount(n, unit) {
  return unit === 'nanoseconds' ? nanos(n) : unit === 'bytes' ? bytes(n) : count(n);
}

export function clock(millis) {
  return new Date(millis).toLocaleTimeString('en-GB');
}

export function plural(n, one, many = `${one}s`) {
  return `${count(n)} ${n === 1 ? one : many}`;
}
