import type { PresentProps } from './present.ts';

/** Before any device was heard: how to make one speak. */
export function FirstRun({ present }: PresentProps) {
  const broker = present.ready.answer.value.value?.broker;
  const url = broker?.url ?? 'mqtt://…:1883';
  return (
    <section class="panel first-run" aria-labelledby="first-run-title">
      <h2 id="first-run-title">No device heard yet</h2>
      <p>
        rackwatt listens on <code>{url}</code>
        {broker &&
          (broker.ok
            ? ' and is subscribed.'
            : `, but the broker is away (${broker.problem ?? broker.state}).`)}{' '}
        This page fills by itself as soon as a plug or PDU publishes a reading there.
      </p>
      <dl>
        <dt>Tasmota</dt>
        <dd>
          In the plug's console:{' '}
          <code>Backlog MqttHost &lt;broker&gt;; MqttPort 1883; Topic &lt;name&gt;; TelePeriod 10</code>. Left
          alone, it reports every 300 s only.
        </dd>
        <dt>Shelly Gen2 and later</dt>
        <dd>
          Settings → MQTT: enable, server <code>&lt;broker&gt;:1883</code>, and leave "RPC status
          notifications over MQTT" on.
        </dd>
        <dt>Nothing appears?</dt>
        <dd>
          <code>npx rackwatt discover</code> lists what the broker carries, and why it could not be read.
        </dd>
      </dl>
    </section>
  );
}
