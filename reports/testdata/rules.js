// What axe-core calls serious or critical of what occurs on these pages, by axe's names.
// The value is a list of what breaks a rule.
(() => {
  const broken = [], all = s => [...document.querySelectorAll(s)];
  const say = (rule, e) => broken.push(rule + ': ' + (e ? e.outerHTML.slice(0, 120) : 'the page'));
  const name = e => (e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean)
    .map(id => document.getElementById(id)?.textContent || '').join(' ') || e.textContent || '').trim();
  const ids = all('[id]').map(e => e.id);
  ids.filter((id, n) => ids.indexOf(id) !== n).forEach(id => broken.push('duplicate-id-aria: ' + id));
  if (!document.documentElement.lang) say('html-has-lang');
  if (!document.title.trim()) say('document-title');
  if (all('h1').length !== 1) say('page-has-heading-one');
  let level = 0;
  for (const h of all('h1,h2,h3,h4')) {
    const now = Number(h.tagName[1]);
    if (now > level + 1) say('heading-order', h);
    level = now;
  }
  if (all('main').length !== 1) say('landmark-one-main');
  const skip = document.querySelector('body > a');
  if (!skip || !document.querySelector(skip.getAttribute('href'))) say('skip-link');
  all('a[href],button,summary').forEach(e => { if (!name(e)) say('link-name, button-name, summary-name', e); });
  all('a[href^="#"]').forEach(e => { if (!document.querySelector(e.getAttribute('href'))) say('the link leads nowhere', e); });
  all('svg').forEach(e => {
    if (e.getAttribute('aria-hidden') !== 'true' && !name(e)) say('svg-img-alt', e);
  });
  for (const attribute of ['aria-labelledby', 'aria-describedby']) {
    all('[' + attribute + ']').forEach(e => e.getAttribute(attribute).split(' ').forEach(id => {
      if (!document.getElementById(id)) say('aria-valid-attr-value', e);
    }));
  }
  const roles = ['img', 'region', 'toolbar', 'application', 'status'];
  all('[role]').forEach(e => { if (!roles.includes(e.getAttribute('role'))) say('aria-roles', e); });
  all('[aria-label]').forEach(e => {
    if (!e.getAttribute('role') && !['NAV', 'UL', 'SECTION'].includes(e.tagName)) say('aria-allowed-attr', e);
  });
  all('[aria-hidden=true]').forEach(e => { if (e.querySelector('a,button,[tabindex]')) say('aria-hidden-focus', e); });
  all('table').forEach(t => {
    if (!t.caption || !t.caption.textContent.trim()) say('table without a caption', t);
    t.querySelectorAll('th').forEach(h => { if (!['row', 'col'].includes(h.scope)) say('scope-attr-valid', h); });
    t.querySelectorAll('thead th').forEach(h => { if (!h.textContent.trim()) say('empty-table-header', h); });
  });
  all('ul,ol').forEach(l => { if ([...l.children].some(c => c.tagName !== 'LI')) say('list', l); });
  all('dl').forEach(l => {
    if ([...l.children].some(c => !['DIV', 'DT', 'DD'].includes(c.tagName))) say('definition-list', l);
  });
  all('*').forEach(e => {
    const style = getComputedStyle(e);
    const scrolls = ['auto', 'scroll'].includes(style.overflowX) && e.scrollWidth > e.clientWidth + 1 ||
      ['auto', 'scroll'].includes(style.overflowY) && e.scrollHeight > e.clientHeight + 1;
    if (scrolls && e.clientWidth > 0 && e.tabIndex < 0 && !e.querySelector('a,button,[tabindex]') && e !== document.documentElement) {
      say('scrollable-region-focusable', e);
    }
    if (Number(e.getAttribute('tabindex')) > 0) say('tabindex', e);
  });

  // color-contrast: of text to what it stands on, and of marks to the paper.
  const part = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const rgb = s => (s.match(/[\d.]+/g) || []).map(Number);
  const light = c => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const paper = e => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0.5) return c;
    }
    return [255, 255, 255];
  };
  const seen = new Set();
  all('body *').forEach(e => {
    if (!e.checkVisibility() || e.closest('svg.patterns')) return;
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    const style = getComputedStyle(e);
    if (own && e.closest('svg')) {
      let under = paper(e);
      const role = (e.getAttribute('class') || '').match(/on-(role-[a-z]+)/);
      const bar = role && document.querySelector('.chart .' + role[1]);
      if (bar && !getComputedStyle(bar).fill.startsWith('url')) under = rgb(getComputedStyle(bar).fill);
      const c = contrast(rgb(style.fill), under);
      if (c < 4.5) say('color-contrast ' + c.toFixed(2), e);
    } else if (own && !['SCRIPT', 'STYLE', 'TITLE', 'DESC', 'CAPTION'].includes(e.tagName)) {
      const c = contrast(rgb(style.color), paper(e));
      if (c < 4.5) say('color-contrast ' + c.toFixed(2), e);
    } else if (e.closest('svg.chart') && ['path', 'rect'].includes(e.tagName) && !e.closest('clipPath')) {
      const kind = e.getAttribute('class') || '';
      if (seen.has(kind) || kind === 'grid' || kind === 'moment') return; // lines that only guide the eye
      seen.add(kind);
      const colours = [style.fill, style.stroke].filter(s => s.startsWith('rgb')).map(rgb);
      if (kind === 'unknown') colours.push(rgb(getComputedStyle(document.querySelector('#hatch-unknown rect')).fill));
      if (kind === 'stall') colours.push(rgb(getComputedStyle(document.querySelector('#hatch line')).stroke));
      const best = Math.max(...colours.map(c => contrast(c, paper(e))));
      if (best < 3) say('non-text contrast ' + best.toFixed(2), e);
    }
  });
  return broken;
})()
