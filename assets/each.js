// The button that tries every chosen preset by itself. There as soon as two are chosen.
const { say, translate, duration } = window.rushes;
translate(element);
const button = element.querySelector('.each');
document.addEventListener('rushes-outlook', event => {
  const sweep = event.detail.sweep;
  button.hidden = !sweep;
  if (!sweep) return;
  const told = { n: sweep.takes, time: sweep.seconds === null ? '' : duration(sweep.seconds) };
  element.querySelector('.forecast').textContent = sweep.seconds === null ? say('each_takes', told) : say('each_time', told);
  button.title = say('each_hint');
});
button.addEventListener('click', () => trigger('sweep', {}));
