import { Panel } from './panel.tsx';
import type { PresentProps } from './present.ts';

/** Before any device was heard: how to make one speak. */
export function FirstRun({ present }: PresentProps) {
  const broker = present.ready.answer.value.value?.broker;
  const { host, port, isThisMachine } = brokerAddress(broker?.url);
  return (
    <Panel name="first-run" look="first-run" title="No device heard yet">
      <p>
        rackwatt listens on <code>{broker?.url ?? 'its MQTT broker'}</code>
        {broker && !broker.ok && <>, but the broker is away ({broker.problem ?? broker.state})</>}. This page
        fills by itself as soon as a plug or PDU publishes a reading there.
      </p>
      {isThisMachine && (
        <p>
          That address holds on this machine only: a plug needs the machine's name in the network. rackwatt's
          own broker is opened to the network by <code>RACKWATT_BROKER_HOST=0.0.0.0</code>.
        </p>
      )}
      <dl>
        <dt>Tasmota</dt>
        <dd>
          In the plug's console:{' '}
          <code>
            Backlog MqttHost {host}; MqttPort {port}; Topic &lt;name&gt;; TelePeriod 10
          </code>
          . Left alone, it reports every 300 s only.
        </dd>
        <dt>Shelly Gen2 and later</dt>
        <dd>
          Settings → MQTT: enable, server{' '}
          <code>
            {host}:{port}
          </code>
          , and leave "RPC status notifications over MQTT" on.
        </dd>
        <dt>Nothing appears?</dt>
        <dd>
          <code>npx rackwatt discover</code> lists what the broker carries, and why it could not be read.
        </dd>
      </dl>
    </Panel>
  );
}

const thisMachine = new Set(['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '[::]']);

/** What a plug has to be told; a placeholder where it is not known or would lead the plug to itself. */
function brokerAddress(url: string | undefined): { host: string; port: string; isThisMachine: boolean } {
  // Of schemes it does not know, such as mqtt:, the browser reads neither host nor port.
  const parsed = URL.parse(url?.replace(/^\w+:/, 'http:') ?? '');
  const isThisMachine = parsed !== null && thisMachine.has(parsed.hostname);
  const host = parsed && !isThisMachine ? parsed.hostname : '<broker>';
  return { host, port: parsed?.port || '1883', isThisMachine };
}
