import { render } from 'preact';
import './styles/base.css';
import './styles/page.css';
import './styles/chart.css';
import './styles/room.css';
import './styles/servers.css';
import './styles/views.css';
import './styles/energy.css';
import './styles/alerts.css';
import { Page } from './page.tsx';
import { Present } from './present.ts';
import { followRoute } from './routes.ts';

const present = new Present();
// What is asked for first is answered while the page is drawn for the first time.
void present.start();
render(<Page present={present} route={followRoute()} />, document.getElementById('page')!);
