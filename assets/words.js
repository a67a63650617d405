// What the model will read, coloured by who said it; and the honest line beside the button.
const { say, pick, translate, make, duration, whole } = window.rushes;
translate(element);
const $ = selector => element.querySelector(selector);

function part(each) {
  const node = make('span', 'part', each.text);
  node.dataset.origin = each.origin;
  if (each.origin === 'card' || each.origin === 'preset') {
    // Not a <button>: that cannot break over lines as a sentence does.
    const remove = () => document.dispatchEvent(new CustomEvent('rushes-remove', { detail: each }));
    node.tabIndex = 0;
    node.setAttribute('role', 'button');
    node.title = say('remove_part', { text: each.text.replace(/^[,，.。\s]+/, '') });
    node.setAttribute('aria-label', node.title);
    node.addEventListener('click', remove);
    node.addEventListener('keydown', event => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); remove(); } });
  }
  return node;
}
function verdict(answer) {
  if (answer.trouble) return [whole(answer.trouble), 'bad'];
  if (answer.problem) {
    // A form nobody has written in yet is not a mistake.
    const begun = !answer.parts || answer.parts.some(each => each.origin === 'user');
    return begun ? [whole(answer.problem), 'bad'] : [say('begin'), 'wait'];
  }
  const plan = answer.plan, absent = answer.absent;
  if (!plan.measured) return [say('measuring'), 'wait'];
  if (!plan.fits) return [say('fits_not', { reason: pick(plan.reason) }), 'bad'];
  if (absent) return [say('fits_absent', { name: absent.name, size: Math.ceil(absent.bytes / 1e9) + ' GB' }), 'wait'];
  return [plan.seconds === null ? say('fits') : say('fits_time', { time: duration(plan.seconds) }), 'good'];
}
function paint() {
  const answer = props.value || {};
  if (!('problem' in answer)) return;
  if (answer.parts) {
    const parts = answer.parts.map(part);
    $('.read').replaceChildren(...(parts.length ? parts : [make('span', 'none', say('reads_nothing'))]));
    $('.avoid').replaceChildren(...answer.negative.map(each => { const node = make('span', 'part', each.text); node.dataset.origin = each.origin; return node; }));
  }
  const [text, state] = verdict(answer);
  $('.honest').dataset.state = state;
  $('.verdict').textContent = text;
  $('.honest').title = text;
  const shot = answer.shot;
  $('.frame').textContent = shot && state === 'good' ? say('size_line', { ...shot, seconds: shot.seconds.toFixed(1) }) : '';
  const alike = answer.sweep && answer.sweep.alike ? say('each_alike', { n: answer.sweep.alike }) : '';
  $('.note').textContent = [alike, pick(answer.note)].filter(Boolean).join(' ');
  window.rushes.outlook = answer;
  document.dispatchEvent(new CustomEvent('rushes-outlook', { detail: answer }));
}
watch('value', paint);
paint();
