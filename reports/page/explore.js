'use strict';
(() => {
  const all = document.getElementById('open-all');
  all.hidden = false;
  all.addEventListener('click', () => document.querySelectorAll('details').forEach(d => { d.open = true; }));

  const data = JSON.parse(document.getElementById('explored').content.textContent);
  const say = data.words;
  const box = document.getElementById('explorer');
  const plot = document.getElementById('attempts');
  const picture = box.parentElement.querySelector('svg.moves');
  const left = Number(picture.dataset.left), right = Number(picture.dataset.right);
  const range = document.getElementById('explorer-range');
  const UNKNOWN = 0, ACKED = 1, REFUSED = 2, LOST = 3, STALE = 4;
  const marks = ['ring', 'dot', 'cross', 'lost', 'stale'];

  // Attempts, as page/data.go packs them. Times are in microseconds.
  function unpack() {
    const text = atob(data.attempts.replace(/-/g, '+').replace(/_/g, '/'));
    let at = 0;
    const unsigned = () => {
      let n = 0, unit = 1, b;
      do { b = text.charCodeAt(at++); n += (b & 127) * unit; unit *= 128; } while (b > 127);
      return n;
    };
    const signed = () => { const n = unsigned(); return n % 2 ? -(n + 1) / 2 : n / 2; };
    return data.streams.map((s, row) => {
      const out = [];
      let number = 0, intended = 0, member = 0, cause = 0;
      for (let i = 0; i < s.count; i++) {
        const first = text.charCodeAt(at++);
        const step = first & 64 ? 1 : signed();
        number += step;
        intended += step * s.interval + (first & 32 ? 0 : signed());
        const sent = intended + signed(), done = sent + signed();
        if (!(first & 16)) { member = unsigned(); cause = unsigned(); }
        out.push({ row, number, intended, sent, done, member, cause, fate: first & 7, expired: (first & 8) > 0 });
      }
      return out;
    });
  }
  const attempts = unpack();
  const rows = attempts.map((list, row) => ({ list, row })).filter(r => r.list.length > 0);
  const byTime = attempts.flat().sort((a, b) => a.intended - b.intended);
  const jumps = kind => data.jumps.filter(j => j.kind === kind);
  const whole = { from: data.from, to: data.to };
  let view = { ...whole }, chosen = null;

  // Writing.
  const svg = (name, attributes, parent) => {
    const e = document.createElementNS(plot.namespaceURI, name);
    for (const k in attributes) e.setAttribute(k, attributes[k]);
    if (parent) parent.append(e);
    return e;
  };
  const label = (parent, x, y, kind, text) => { svg('text', { x, y, class: kind }, parent).textContent = text; };
  const moment = t => {
    const ms = Math.round(t / 1000), pad = (n, w) => String(n).padStart(w, '0');
    const h = Math.floor(ms / 3600000), m = Math.floor(ms / 60000) % 60, s = Math.floor(ms / 1000) % 60;
    const rest = pad(s, 2) + '.' + pad(ms % 1000, 3);
    return h > 0 ? h + ':' + pad(m, 2) + ':' + rest : m + ':' + rest;
  };
  const unit = (word, n) => say[word].replace('{n}', n);
  const lasted = t => t < 1e6 ? unit('ms', String(+(t / 1000).toPrecision(3))) : unit('s', String(+(t / 1e6).toPrecision(4)));

  // Where things are.
  const x = t => left + (right - left) * (t - view.from) / (view.to - view.from);
  const timeAt = px => view.from + (view.to - view.from) * (px - left) / (right - left);
  const height = 46, gap = 8, top = 24;
  const took = a => a.done - a.intended;
  const scales = rows.map(r => {
    let low = Infinity, high = 0;
    for (const a of r.list) { low = Math.min(low, took(a)); high = Math.max(high, took(a)); }
    low = 10 ** Math.floor(Math.log10(Math.max(low, 10)));
    return { low, high: Math.max(10 ** Math.ceil(Math.log10(Math.max(high, 10))), low * 10) };
  });
  const rowTop = n => top + n * (height + gap);
  const y = (n, a) => {
    const s = scales[n], t = Math.min(Math.max(took(a), s.low), s.high);
    return rowTop(n) + height - 4 - (height - 8) * Math.log10(t / s.low) / Math.log10(s.high / s.low);
  };
  const plotHeight = rowTop(rows.length) + 4;
  plot.setAttribute('viewBox', '0 0 900 ' + plotHeight);

  // The picture over time: whatever is absolute or as long as a time is moved.
  const moved = [...picture.querySelectorAll('.moving path, .moving rect, .moving text')].map(e => ({
    e, text: e.textContent, d: e.getAttribute('d'), y: (e.getAttribute('d') || '').match(/^M\S+ (.*)/)?.[1], t: timesOf(e.dataset),
    mark: marks.includes(e.getAttribute('class')) && e.getAttribute('class') !== 'dot', width: Number(e.getAttribute('width')),
  }));
  function timesOf(set) {
    if (set.from) return { from: Number(set.from), to: Number(set.to) };
    return set.at ? { at: Number(set.at), until: Number(set.until || set.at), dx: Number(set.dx || 0) } : null;
  }
  const width = text => [...text].reduce((w, c) => w + (c > '\u2e7f' ? 11 : 6), 0);
  function movePicture() {
    const k = (whole.to - whole.from) / (view.to - view.from);
    const shift = left - k * (left + (right - left) * (view.from - whole.from) / (whole.to - whole.from));
    const bound = t => Math.min(Math.max(x(t), left - 900), right + 900);
    for (const m of moved) {
      if (m.t && 'from' in m.t) {
        const from = bound(m.t.from), to = bound(m.t.to);
        m.e.setAttribute('x', from.toFixed(1));
        m.e.setAttribute('width', Math.max(to - from, Math.min(m.width, 3)).toFixed(1));
      } else if (m.t) {
        const t = Math.min(Math.max(m.t.at, view.from), m.t.until);
        if (m.d) m.e.setAttribute('d', `M${x(t).toFixed(1)} ${m.y}`); else m.e.setAttribute('x', (x(t) + m.t.dx).toFixed(1));
        m.e.style.display = t < view.from || t > view.to ? 'none' : '';
        if (m.e.dataset.full) {
          const room = Math.min(x(m.t.until), right) - x(t) - 8;
          m.e.textContent = width(m.e.dataset.full) < room ? m.e.dataset.full : k > 1 ? '' : m.text;
        }
      } else if (m.d) {
        // Marks and the lines of times are as fine as the whole picture; the rows below have them exactly.
        m.e.style.display = k > 10 && m.mark || k > 1 && m.e.classList.contains('grid') ? 'none' : '';
        m.e.setAttribute('d', m.d.replace(/([MLHh])(-?[\d.]+)/g,
          (_, c, v) => c + (c === 'h' ? k * v : k * v + shift).toFixed(1)));
      }
    }
    const ticks = picture.querySelector('.ticks');
    ticks.replaceChildren();
    drawTicks(ticks, 18, picture.dataset.bottom - 18);
  }
  function drawTicks(parent, y0, length) {
    const span = view.to - view.from;
    const step = [1, 2, 5].flatMap(n => [...Array(12)].map((_, p) => n * 10 ** p)).filter(s => s >= 100)
      .concat([15e6, 30e6, 60e6, 120e6, 300e6, 600e6, 900e6, 1800e6, 3600e6]).sort((a, b) => a - b)
      .find(s => span / s < 8);
    for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
      label(parent, x(t).toFixed(1), y0 - 5, x(t) > 860 ? 't end' : 't mid', moment(t));
      svg('path', { d: `M${x(t).toFixed(1)} ${y0}v${length}`, class: length > 9 ? 'grid' : 'axis' }, parent);
    }
  }

  // The attempts.
  const glyphs = [
    (px, py) => `M${px - 2} ${py}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0`,
    (px, py) => `M${px} ${py}h0`,
    (px, py) => `M${px - 2} ${py - 2}l4 4m0 -4l-4 4`,
    (px, py) => `M${px - 4} ${py}l4 -5l4 5l-4 5z`,
    (px, py) => `M${px - 4} ${py - 3}l8 0l-4 7z`,
  ];
  function drawAttempts() {
    plot.replaceChildren();
    drawTicks(plot, 18, plotHeight - 22);
    let count = 0;
    rows.forEach((r, n) => {
      label(plot, 8, rowTop(n) + 27, 't name', data.streams[r.row].name.slice(0, 18));
      for (let t = scales[n].low; t <= scales[n].high; t *= 10) {
        if (t === scales[n].low || t === scales[n].high) {
          label(plot, left - 6, y(n, { done: t, intended: 0 }) + 3, 't tiny end', lasted(t));
        }
      }
      svg('path', { d: `M${left} ${rowTop(n) + height}H${right}`, class: 'axis' }, plot);
      const drawn = marks.map(() => []), seen = new Set();
      for (let i = first(r.list, view.from); i < r.list.length && r.list[i].intended <= view.to; i++) {
        const a = r.list[i], px = Math.round(x(a.intended)), py = Math.round(y(n, a));
        const cell = (a.fate * 1000 + (px >> 1)) * 1000 + (py >> 1);
        count++;
        if (!seen.has(cell)) { seen.add(cell); drawn[a.fate].push(glyphs[a.fate](px, py)); }
      }
      for (const fate of [ACKED, REFUSED, UNKNOWN, STALE, LOST]) {
        if (drawn[fate].length > 0) svg('path', { d: drawn[fate].join(''), class: marks[fate] }, plot);
      }
    });
    range.textContent = say.range.replace('{from}', moment(view.from))
      .replace('{to}', moment(view.to)).replace('{count}', String(count));
    drawChosen();
  }
  const first = (list, t) => { // of those that were to leave at a time or later
    let a = 0, b = list.length;
    while (a < b) { const m = (a + b) >> 1; if (list[m].intended < t) a = m + 1; else b = m; }
    return a;
  };
  function drawChosen() {
    document.querySelectorAll('.chosen, .cursor').forEach(e => e.remove());
    if (!chosen || chosen.intended < view.from || chosen.intended > view.to) return;
    const n = rows.findIndex(r => r.row === chosen.row), px = x(chosen.intended).toFixed(1);
    svg('path', { d: `M${px} ${top}V${plotHeight - 4}`, class: 'cursor' }, plot);
    svg('circle', { cx: px, cy: y(n, chosen).toFixed(1), r: 6, class: 'chosen' }, plot);
    svg('path', { d: `M${px} 22V${picture.dataset.bottom}`, class: 'cursor' }, picture);
  }
  function show(from, to, what) {
    const least = 2000, span = Math.min(Math.max(to - from, least), whole.to - whole.from);
    from = Math.min(Math.max((from + to - span) / 2, whole.from), whole.to - span);
    view = { from, to: from + span };
    movePicture();
    drawAttempts();
    if (what) range.prepend(what + ' · ');
  }
  function choose(a) {
    if (!a) return;
    chosen = a;
    if (a.intended < view.from || a.intended > view.to) {
      const half = (view.to - view.from) / 2;
      show(a.intended - half, a.intended + half);
    } else {
      drawChosen();
    }
    const later = a.fate === LOST || a.fate === STALE ? say['fate.' + a.fate] : say.nothing;
    const error = [data.causes[a.cause], a.expired ? say.expired : ''].filter(s => s).join(' · ') || say.nothing;
    const told = [
      ['outcome', say['fate.' + (a.fate > REFUSED ? ACKED : a.fate)]], ['later', later], ['latency', lasted(took(a))],
      ['stream', data.streams[a.row].name], ['number', String(a.number)], ['intended', moment(a.intended)],
      ['sent', moment(a.sent)], ['member', a.member > 0 ? data.members[a.member - 1] : say.nothing], ['error', error],
    ].map(([key, text]) => {
      const div = document.createElement('div'), dt = document.createElement('dt'), dd = document.createElement('dd');
      dt.textContent = say[key];
      dd.textContent = text;
      div.append(dt, dd);
      return div;
    });
    const told0 = document.getElementById('attempt');
    told0.dataset.stream = String(a.row);
    told0.dataset.number = String(a.number);
    told0.replaceChildren(...told);
    told0.hidden = false;
  }

  // Going from one to the next.
  function step(by) {
    const list = chosen ? attempts[chosen.row] : rows[0].list;
    const at = chosen ? list.indexOf(chosen) + by : first(list, view.from);
    choose(list[Math.min(Math.max(at, 0), list.length - 1)]);
  }
  function changeRow(by) {
    const at = chosen ? rows.findIndex(r => r.row === chosen.row) + by : 0;
    const list = rows[Math.min(Math.max(at, 0), rows.length - 1)].list;
    choose(list[Math.min(first(list, chosen ? chosen.intended : view.from), list.length - 1)]);
  }
  const nextOf = fate => {
    const bad = byTime.filter(a => a.fate === fate);
    return bad[(bad.indexOf(chosen) + 1) % bad.length];
  };
  const reached = {};
  function jump(kind) {
    if (kind === 'lost' || kind === 'stale') return goTo(nextOf(kind === 'lost' ? LOST : STALE), 5e5);
    if (kind === 'error') return goTo(byTime.find(a => failed(a) && data.streams[a.row].clients) || byTime.find(failed), 5e5);
    const list = jumps(kind);
    if (list.length === 0) return;
    const j = list[(reached[kind] = ((reached[kind] ?? -1) + 1) % list.length)];
    const margin = Math.max((j.to - j.from) * 0.15, 1e4);
    show(j.from - margin, j.to + margin, j.label);
    const within = byTime.slice(first(byTime, j.from), first(byTime, j.to + 1));
    const own = within.filter(a => data.streams[a.row].name === j.stream);
    choose(own.find(failed) || own[0] || within.find(failed) || within[0]);
  }
  const failed = a => a.fate === UNKNOWN || a.fate === REFUSED;
  function goTo(a, around) {
    if (!a) return;
    show(a.intended - around, a.intended + around);
    choose(a);
  }
  function zoom(factor) {
    const middle = chosen && chosen.intended >= view.from && chosen.intended <= view.to
      ? chosen.intended : (view.from + view.to) / 2;
    show(middle - (middle - view.from) * factor, middle + (view.to - middle) * factor);
  }
  const move = part => { const by = (view.to - view.from) * part; show(view.from + by, view.to + by); };
  const deeds = {
    whole: () => show(whole.from, whole.to), in: () => zoom(0.5), out: () => zoom(2),
    left: () => move(-0.5), right: () => move(0.5), previous: () => step(-1), next: () => step(1),
  };
  const kinds = { e: 'error', o: 'outage', f: 'fault', l: 'lost', s: 'stale' };
  const present = {
    error: byTime.some(failed), outage: jumps('outage').length > 0, fault: jumps('fault').length > 0,
    lost: byTime.some(a => a.fate === LOST), stale: byTime.some(a => a.fate === STALE),
  };
  for (const b of box.querySelectorAll('button')) {
    const kind = b.dataset.jump;
    if (kind) b.hidden = !present[kind];
    b.addEventListener('click', () => kind ? jump(kind) : deeds[b.dataset.do]());
  }
  const keys = {
    ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => changeRow(-1), ArrowDown: () => changeRow(1),
    '+': deeds.in, '=': deeds.in, '-': deeds.out, '0': deeds.whole,
  };
  plot.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const deed = keys[event.key] || (kinds[event.key.toLowerCase()] && (() => jump(kinds[event.key.toLowerCase()])));
    if (!deed) return;
    event.preventDefault();
    deed();
  });

  // Pointers: drag to zoom, hover to look.
  const local = (element, event) => {
    const frame = element.getBoundingClientRect();
    return [(event.clientX - frame.left) * 900 / frame.width, (event.clientY - frame.top) * 900 / frame.width];
  };
  for (const element of [picture, plot]) {
    let from = null, drawn = null;
    const within = event => Math.min(Math.max(local(element, event)[0], left), right);
    element.addEventListener('pointerdown', event => {
      if (event.button !== 0 || event.pointerType === 'touch') return;
      from = within(event);
      drawn = svg('rect', { x: from, y: 20, width: 0, height: element.viewBox.baseVal.height - 24, class: 'drawn' }, element);
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener('pointermove', event => {
      if (from === null) return element === plot && choose(nearest(local(plot, event)));
      const to = within(event);
      drawn.setAttribute('x', Math.min(from, to));
      drawn.setAttribute('width', Math.abs(to - from));
    });
    const end = event => {
      if (from === null) return;
      const to = within(event), [a, b] = [timeAt(Math.min(from, to)), timeAt(Math.max(from, to))];
      drawn.remove();
      if (event.type === 'pointerup' && Math.abs(to - from) > 4) show(a, b);
      from = null;
    };
    element.addEventListener('pointerup', end);
    element.addEventListener('pointercancel', end);
  }
  plot.addEventListener('click', event => choose(nearest(local(plot, event))));
  function nearest([px, py]) {
    const n = Math.floor((py - top) / (height + gap));
    if (n < 0 || n >= rows.length || px < left - 8) return null;
    const list = rows[n].list, reach = 10;
    let best = null, least = reach * reach;
    for (let i = first(list, timeAt(px - reach)); i < list.length && x(list[i].intended) <= px + reach; i++) {
      const far = (x(list[i].intended) - px) ** 2 + (y(n, list[i]) - py) ** 2;
      if (far < least) { least = far; best = list[i]; }
    }
    return best;
  }

  box.hidden = false;
  picture.classList.add('moved');
  drawAttempts();
})();
