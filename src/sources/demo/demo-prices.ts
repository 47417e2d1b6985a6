/** What power costs and emits in the simulated room, in the words of the settings: a day and a night price. */
export const demoPrices = {
  tariff: {
    currency: 'GBP',
    pricePerKwh: 0.29,
    timeOfUse: [{ name: 'night', from: '00:00', to: '07:00', pricePerKwh: 0.16 }],
  },
  carbon: { country: 'GB' },
} as const;
